"""The endpoint as a Pod meets it: a token in, a role's session out, and no more than it grants."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_endpoint import ACCOUNT, ISSUER, PROVIDER_ARN, REGION, SUBJECT, Endpoint, assume
from botocore.exceptions import ClientError

BUCKET = "enginrect-data"
ROLE = "enginrect-irsa-role"
READ_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
    ],
}


@pytest.fixture(scope="module", autouse=True)
def bucket(endpoint: Endpoint, role: str) -> str:
    """A bucket with an object, that the role may read."""
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key="hello.txt", Body=b"hello")
    endpoint.client("iam").put_role_policy(
        RoleName=ROLE, PolicyName="read", PolicyDocument=json.dumps(READ_POLICY)
    )
    return BUCKET


@pytest.fixture(scope="module")
def session(endpoint: Endpoint, role: str) -> Any:
    """Credentials of the role."""
    return assume(endpoint, role)["Credentials"]


def test_the_answer_to_a_token_is_whole(endpoint: Endpoint, role: str) -> None:
    answer = assume(endpoint, role)
    role_id = endpoint.client("iam").get_role(RoleName=ROLE)["Role"]["RoleId"]
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"] == PROVIDER_ARN
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role_id}:pod",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/pod",
    }
    assert role_id.startswith("AROA")
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert "PackedPolicySize" not in answer


def test_a_session_knows_who_it_is(endpoint: Endpoint, session: Any) -> None:
    identity = endpoint.client("sts", session).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/pod"
    assert identity["Account"] == ACCOUNT


def test_a_session_may_do_what_its_role_may(endpoint: Endpoint, session: Any) -> None:
    s3 = endpoint.client("s3", session)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    assert s3.get_object(Bucket=BUCKET, Key="hello.txt")["Body"].read() == b"hello"
    assert s3.head_object(Bucket=BUCKET, Key="hello.txt")["ContentLength"] == 5


def test_a_session_may_do_nothing_else(endpoint: Endpoint, session: Any) -> None:
    with pytest.raises(ClientError) as refused:
        endpoint.client("s3", session).put_object(Bucket=BUCKET, Key="new", Body=b"")
    error = refused.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"]["Code"] == "AccessDenied"
    assert error["Error"]["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/pod is not authorized to perform: "
        f's3:PutObject on resource: "arn:aws:s3:::{BUCKET}/new" because no identity-based policy '
        "allows the s3:PutObject action"
    )


def test_the_cluster_is_described_as_eks_does(endpoint: Endpoint) -> None:
    cluster = endpoint.client("eks").describe_cluster(name="enginrect-cluster")["cluster"]
    assert cluster["status"] == "ACTIVE"
    assert cluster["identity"]["oidc"]["issuer"] == ISSUER
    assert cluster["version"] == "1.36"
    assert cluster["endpoint"] == endpoint.settings.kubernetes_endpoint


def test_the_handshake_is_recorded_hop_by_hop(endpoint: Endpoint, role: str) -> None:
    before = len(endpoint.trace.since())
    assume(endpoint, role)
    hops = endpoint.trace.since()[before:]
    kinds = ["assume-role", "provider", "jwks", "token-check", "trust-policy", "session"]
    assert [hop["kind"] for hop in hops] == kinds
    assert all(hop["detail"]["service_account"] == "enginrect-sa" for hop in hops)
    assert hops[4]["detail"]["decision"]["effect"] == "Allowed"
