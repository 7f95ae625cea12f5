"""EKS Pod Identity end to end, with the real clients: association, webhook, agent, SDK."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

ACCOUNT = "111122223333"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}
CLUSTER = ("--cluster-name", "enginrect-cluster")


@pytest.fixture
def role(shell: Any) -> str:
    """A role that EKS Pod Identity may assume."""
    name = f"pods-{uuid.uuid4().hex[:6]}"
    document = ("--assume-role-policy-document", json.dumps(TRUST))
    shell("aws", "iam", "create-role", "--role-name", name, *document)
    return name


@pytest.fixture
def associated(shell: Any, kubectl: Any, namespace: str, role: str) -> Iterator[Any]:
    """The ServiceAccount `app` of a fresh namespace, associated with the role."""
    kubectl("create", "sa", "app")
    where = ("--namespace", namespace, "--service-account", "app")
    arn = ("--role-arn", f"arn:aws:iam::{ACCOUNT}:role/{role}")
    query = ("--query", "association.associationId", "--output", "text")
    create = ("aws", "eks", "create-pod-identity-association", *CLUSTER)
    identifier = shell(*create, *where, *arn, *query).stdout.strip()
    yield kubectl
    delete = ("aws", "eks", "delete-pod-identity-association", *CLUSTER)
    shell(*delete, "--association-id", identifier)


def who(kubectl: Any) -> str:
    """The identity that the AWS CLI has in a new Pod of the ServiceAccount."""
    image = ("--image=amazon/aws-cli", '--overrides={"spec":{"serviceAccountName":"app"}}')
    kubectl("run", "who", *image, "--command", "--", "sleep", "600")
    kubectl("wait", "pod/who", "--for=condition=Ready", "--timeout=20s")
    query = ("--query", "Arn", "--output", "text")
    asked = kubectl("exec", "who", "--", "aws", "sts", "get-caller-identity", *query)
    return str(asked.stdout.strip())


def test_a_pod_gets_the_associated_role_through_the_agent(associated: Any, role: str) -> None:
    assert who(associated).startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/eks-")
    env = associated("get", "pod", "who", "-o", "jsonpath={.spec.containers[0].env[*].name}")
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in env.stdout
    assert "AWS_WEB_IDENTITY_TOKEN_FILE" not in env.stdout


def test_an_association_wins_over_the_annotation(associated: Any, role: str) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    associated("annotate", "sa", "app", f"eks.amazonaws.com/role-arn={other}")
    assert f"assumed-role/{role}/" in who(associated)
