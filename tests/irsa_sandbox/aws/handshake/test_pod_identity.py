"""EKS Pod Identity: associations, and credentials for the agent of a node."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aws_endpoint import ACCOUNT, ISSUER, Endpoint
from botocore.exceptions import ClientError

CLUSTER = "enginrect-cluster"
ARN = f"arn:aws:iam::{ACCOUNT}:role/pod-role"


def trusting(*actions: str) -> str:
    """A trust policy for EKS Pod Identity."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": list(actions),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module", autouse=True)
def association(endpoint: Endpoint) -> dict[str, Any]:
    """An association of the course's ServiceAccount with a role."""
    endpoint.client("iam").create_role(
        RoleName="pod-role", AssumeRolePolicyDocument=trusting("sts:AssumeRole", "sts:TagSession")
    )
    made: dict[str, Any] = endpoint.client("eks").create_pod_identity_association(
        clusterName=CLUSTER, namespace="default", serviceAccount="enginrect-sa", roleArn=ARN
    )["association"]
    return made


@pytest.fixture
def agent(endpoint: Endpoint) -> Any:
    """A client of EKS Auth with the node's credentials."""
    found = asyncio.run(endpoint.aws.instance_credentials("enginrect-node-role"))
    return endpoint.client("eks-auth", {**found, "SessionToken": found["Token"]})


def token(endpoint: Endpoint, **changes: Any) -> str:
    """The token that the kubelet gives a Pod for Pod Identity."""
    return endpoint.issuer.token(**({"aud": ["pods.eks.amazonaws.com"]} | changes))


def refusal(agent: Any, text: str) -> tuple[str, int]:
    """Code and status of the refusal of a token."""
    with pytest.raises(ClientError) as refused:
        agent.assume_role_for_pod_identity(clusterName=CLUSTER, token=text)
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_association_can_be_found_again(endpoint: Endpoint, association: dict[str, Any]) -> None:
    eks = endpoint.client("eks")
    listed = eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"]
    assert [each["associationId"] for each in listed] == [association["associationId"]]
    described = eks.describe_pod_identity_association(
        clusterName=CLUSTER, associationId=association["associationId"]
    )["association"]
    assert described == association
    assert association["associationId"].startswith("a-")


def test_a_second_association_of_a_service_account_is_refused(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match="Association already exists: a-"):
        endpoint.client("eks").create_pod_identity_association(
            clusterName=CLUSTER, namespace="default", serviceAccount="enginrect-sa", roleArn=ARN
        )


def test_a_pod_gets_credentials_with_tags_that_say_who_it_is(
    endpoint: Endpoint, agent: Any, association: dict[str, Any]
) -> None:
    answer = agent.assume_role_for_pod_identity(clusterName=CLUSTER, token=token(endpoint))
    assert answer["subject"] == {"namespace": "default", "serviceAccount": "enginrect-sa"}
    assert answer["audience"] == "pods.eks.amazonaws.com"
    assert answer["podIdentityAssociation"]["associationId"] == association["associationId"]
    credentials = {
        "AccessKeyId": answer["credentials"]["accessKeyId"],
        "SecretAccessKey": answer["credentials"]["secretAccessKey"],
        "SessionToken": answer["credentials"]["sessionToken"],
    }
    identity = endpoint.client("sts", credentials).get_caller_identity()
    assert identity["Arn"] == answer["assumedRoleUser"]["arn"]
    s3 = endpoint.client("s3", credentials)
    endpoint.client("iam").put_role_policy(
        RoleName="pod-role",
        PolicyName="own",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "s3:ListAllMyBuckets",
                    "Resource": "*",
                    "Condition": {
                        "StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "default"}
                    },
                },
            }
        ),
    )
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"aud": ["sts.amazonaws.com"]}, "InvalidTokenException", 400),
        ({"iss": ISSUER + "X"}, "InvalidTokenException", 400),
        ({"exp": 1}, "ExpiredTokenException", 400),
        ({"sub": "system:serviceaccount:default:other"}, "ResourceNotFoundException", 404),
        ({"sub": "system:node:a"}, "ResourceNotFoundException", 404),
    ],
    ids=str,
)
def test_a_wrong_token_is_refused(
    endpoint: Endpoint, agent: Any, changes: dict[str, Any], code: str, status: int
) -> None:
    assert refusal(agent, token(endpoint, **changes)) == (code, status)


@pytest.mark.parametrize("text", ["a.b.c", "x" * 10, "é.é.é"])
def test_what_is_no_token_is_refused(agent: Any, text: str) -> None:
    assert refusal(agent, text)[1] == 400


def test_a_role_must_let_the_session_be_tagged(endpoint: Endpoint, agent: Any) -> None:
    iam = endpoint.client("iam")
    iam.update_assume_role_policy(RoleName="pod-role", PolicyDocument=trusting("sts:AssumeRole"))
    try:
        assert refusal(agent, token(endpoint)) == ("AccessDeniedException", 403)
    finally:
        good = trusting("sts:AssumeRole", "sts:TagSession")
        iam.update_assume_role_policy(RoleName="pod-role", PolicyDocument=good)


def test_an_unknown_cluster_is_not_found(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match="No cluster found for name: another"):
        endpoint.client("eks").list_pod_identity_associations(clusterName="another")


def test_the_tags_go_along_to_the_next_role(endpoint: Endpoint, agent: Any) -> None:
    iam = endpoint.client("iam")
    answer = agent.assume_role_for_pod_identity(clusterName=CLUSTER, token=token(endpoint))
    found = answer["credentials"]
    pod = endpoint.client(
        "sts",
        {
            "AccessKeyId": found["accessKeyId"],
            "SecretAccessKey": found["secretAccessKey"],
            "SessionToken": found["sessionToken"],
        },
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ARN},
        "Action": ["sts:AssumeRole"],
        "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "default"}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    target = iam.create_role(RoleName="next", AssumeRolePolicyDocument=json.dumps(document))[
        "Role"
    ]["Arn"]
    call = {"RoleArn": target, "RoleSessionName": "next"}
    with pytest.raises(ClientError, match="is not authorized to perform: sts:TagSession"):
        pod.assume_role(**call)
    statement["Action"] = ["sts:AssumeRole", "sts:TagSession"]
    iam.update_assume_role_policy(RoleName="next", PolicyDocument=json.dumps(document))
    assert pod.assume_role(**call)["Credentials"]


@pytest.mark.parametrize("change", ["create", "update"])
def test_a_role_that_eks_could_not_assume_gets_no_association(
    endpoint: Endpoint, association: dict[str, Any], change: str
) -> None:
    federated = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    iam, eks = endpoint.client("iam"), endpoint.client("eks")
    name = f"irsa-only-{change}"
    arn = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [federated]}),
    )["Role"]["Arn"]
    parameters = {
        "create": {"namespace": "other", "serviceAccount": "x"},
        "update": {"associationId": association["associationId"]},
    }
    call = getattr(eks, f"{change}_pod_identity_association")
    with pytest.raises(ClientError) as refused:
        call(clusterName=CLUSTER, roleArn=arn, **parameters[change])
    assert refused.value.response["Error"] == {
        "Code": "InvalidParameterException",
        "Message": "Trust policy of the role provided is invalid",
    }
    found = eks.describe_pod_identity_association(
        clusterName=CLUSTER, associationId=association["associationId"]
    )["association"]
    assert found["roleArn"] == ARN


def test_a_refused_call_ends_with_a_denied_hop_and_its_reason(
    endpoint: Endpoint, agent: Any
) -> None:
    nobody = "system:serviceaccount:default:nobody"
    assert refusal(agent, token(endpoint, sub=nobody)) == ("ResourceNotFoundException", 404)
    last = endpoint.trace.since()[-1]
    assert (last["outcome"], last["detail"]["explanation"]) == (
        "denied",
        f"No Pod Identity association found for {nobody}",
    )
