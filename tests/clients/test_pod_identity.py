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


PARTNER = "444455556666"
# Asks the agent as an SDK does.
ASK_AGENT = """
import os, urllib.request
token = open(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read()
url = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
request = urllib.request.Request(url, headers={"Authorization": token})
print(urllib.request.urlopen(request).read().decode())
"""
ADMINISTRATOR = f"arn:aws:iam::{PARTNER}:role/OrganizationAccountAccessRole"


@pytest.fixture
def partner(shell: Any) -> Any:
    """Run the AWS CLI as the administrator of the partner's account."""
    query = ("--query", "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]")
    session = ("--role-session-name", "administrator", "--output", "text")
    call = ("aws", "sts", "assume-role", "--role-arn", ADMINISTRATOR)
    key, secret, token = shell(*call, *session, *query).stdout.split()
    keys = (f"AWS_ACCESS_KEY_ID={key}", f"AWS_SECRET_ACCESS_KEY={secret}")

    def run(*words: str) -> str:
        ran = shell("env", *keys, f"AWS_SESSION_TOKEN={token}", "aws", *words)
        return str(ran.stdout)

    return run


def test_a_pod_reads_another_accounts_bucket_by_its_target_role(
    associated: Any, shell: Any, partner: Any, role: str, namespace: str
) -> None:
    target, bucket = f"data-{namespace}", f"data-{namespace}"
    arn = f"arn:aws:iam::{PARTNER}:role/{target}"
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{role}"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": namespace}},
    }
    own = {"Effect": "Allow", "Action": trust["Action"], "Resource": arn}
    reads = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    partner("s3", "mb", f"s3://{bucket}")
    partner("iam", "create-role", "--role-name", target, *document("assume-role-policy", trust))
    named = ("--role-name", target, "--policy-name", "reads")
    partner("iam", "put-role-policy", *named, *document("policy", reads))
    named = ("--role-name", role, "--policy-name", "chain")
    shell("aws", "iam", "put-role-policy", *named, *document("policy", own))
    where = ("--namespace", namespace, "--service-account", "app")
    query = ("--query", "associations[0].associationId", "--output", "text")
    listed = shell("aws", "eks", "list-pod-identity-associations", *CLUSTER, *where, *query)
    change = ("--association-id", listed.stdout.strip(), "--target-role-arn", arn)
    shell("aws", "eks", "update-pod-identity-association", *CLUSTER, *change)

    assert who(associated).startswith(f"arn:aws:sts::{PARTNER}:assumed-role/{target}/eks-")
    program = f"import boto3; print(boto3.client('s3').list_objects_v2(Bucket='{bucket}')['Name'])"
    read = associated("exec", "who", "--", "python", "-c", program)
    assert read.stdout.strip() == bucket
    answered = associated("exec", "who", "--", "python", "-c", ASK_AGENT)
    assert json.loads(answered.stdout)["AccountId"] == PARTNER


def document(kind: str, statement: dict[str, Any]) -> tuple[str, str]:
    """The option that gives a policy of one statement."""
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return f"--{kind}-document", json.dumps(policy)
