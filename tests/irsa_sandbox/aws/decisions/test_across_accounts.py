"""Two accounts: roles, providers and buckets of one, used from the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_endpoint import ISSUER, REGION, SUBJECT, Endpoint, assume
from botocore.exceptions import ClientError

PARTNER = "444455556666"
PARTNER_PROVIDER = f"arn:aws:iam::{PARTNER}:oidc-provider/{ISSUER.removeprefix('https://')}"


@pytest.fixture(scope="module")
def partner(endpoint: Endpoint) -> Any:
    """Credentials that administer the second account."""
    answer = endpoint.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{PARTNER}:role/OrganizationAccountAccessRole",
        RoleSessionName="admin",
    )
    return answer["Credentials"]


def trusting(principal: dict[str, str], action: str) -> str:
    """A trust policy for a principal."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action}
    if action == "sts:AssumeRoleWithWebIdentity":
        key = f"{ISSUER.removeprefix('https://')}:sub"
        statement["Condition"] = {"StringEquals": {key: SUBJECT}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def grant(iam: Any, role: str, action: str, resource: str) -> None:
    """Put an inline policy."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_role_policy(RoleName=role, PolicyName="granted", PolicyDocument=document)


def test_the_second_account_is_another(endpoint: Endpoint, partner: Any) -> None:
    assert endpoint.client("sts", partner).get_caller_identity()["Account"] == PARTNER
    names = {each["RoleName"] for each in endpoint.client("iam", partner).list_roles()["Roles"]}
    assert "OrganizationAccountAccessRole" in names
    assert "enginrect-node-role" not in names


def test_the_provider_must_be_in_the_roles_account(
    endpoint: Endpoint, partner: Any, provider: str
) -> None:
    iam = endpoint.client("iam", partner)
    document = trusting({"Federated": PARTNER_PROVIDER}, "sts:AssumeRoleWithWebIdentity")
    arn = iam.create_role(RoleName="web", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    with pytest.raises(ClientError, match="No OpenIDConnect provider found in your account"):
        assume(endpoint, arn)
    iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
    answer = assume(endpoint, arn)
    assert answer["Provider"] == PARTNER_PROVIDER
    assert f"::{PARTNER}:assumed-role/web/" in answer["AssumedRoleUser"]["Arn"]


def test_a_pods_role_steps_into_a_role_of_the_second_account(
    endpoint: Endpoint, partner: Any, role: str
) -> None:
    document = trusting({"AWS": role}, "sts:AssumeRole")
    arn = endpoint.client("iam", partner).create_role(
        RoleName="target", AssumeRolePolicyDocument=document
    )["Role"]["Arn"]
    pod = endpoint.client("sts", assume(endpoint, role)["Credentials"])
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
        pod.assume_role(RoleArn=arn, RoleSessionName="next")
    grant(endpoint.client("iam"), "enginrect-irsa-role", "sts:AssumeRole", arn)
    assert pod.assume_role(RoleArn=arn, RoleSessionName="next")["Credentials"]


def test_a_bucket_of_the_second_account_needs_leave_on_both_sides(
    endpoint: Endpoint, partner: Any, role: str
) -> None:
    theirs = endpoint.client("s3", partner)
    theirs.create_bucket(
        Bucket="partner-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    theirs.put_object(Bucket="partner-bucket", Key="a", Body=b"theirs")
    pod = endpoint.client("s3", assume(endpoint, role)["Credentials"])

    def read() -> bytes:
        body: bytes = pod.get_object(Bucket="partner-bucket", Key="a")["Body"].read()
        return body

    grant(endpoint.client("iam"), "enginrect-irsa-role", "s3:GetObject", "*")
    with pytest.raises(ClientError, match="because no resource-based policy allows"):
        read()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::partner-bucket/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    theirs.put_bucket_policy(Bucket="partner-bucket", Policy=document)
    assert read() == b"theirs"
    grant(endpoint.client("iam"), "enginrect-irsa-role", "s3:ListBucket", "*")
    with pytest.raises(ClientError, match="because no identity-based policy allows"):
        read()
