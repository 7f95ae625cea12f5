"""Who became which role and what was called: the sandbox's record, and CloudTrail's form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from irsa_helpers import audit, course, oidc, roles, serviceaccounts
from irsa_helpers.audit import Call
from irsa_helpers.worlds import World
from tests.typed import core_v1

TRUSTED = "audit-role"


@pytest.fixture
def account(world: World, namespace: str) -> str:
    """The namespace of a ServiceAccount `app` that may become the role."""
    from irsa_helpers.trust import build_trust_policy

    oidc.ensure_provider(world)
    trust = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    read = {"read": roles.build_bucket_read_policy(course.bucket_name(world))}
    roles.ensure_role(world, TRUSTED, trust, permission_policies=read)
    serviceaccounts.ensure_service_account(world, "app", namespace=namespace)
    serviceaccounts.ensure_service_account(world, "other", namespace=namespace)
    return namespace


def become(world: World, namespace: str, name: str) -> Any:
    request = {"spec": {"audiences": ["sts.amazonaws.com"], "expirationSeconds": 600}}
    made = core_v1(world).create_namespaced_service_account_token(name, namespace, request)
    return world.aws("sts").assume_role_with_web_identity(
        RoleArn=roles.role_arn(world, TRUSTED),
        RoleSessionName="audited",
        WebIdentityToken=made.status.token,
    )["Credentials"]


def last_hop(world: World) -> int:
    return max((hop["seq"] for hop in world.trace()), default=0)


def test_who_became_a_role_and_who_was_refused(world: World, account: str) -> None:
    before = last_hop(world)
    become(world, account, "app")
    with pytest.raises(ClientError, match="AccessDenied"):
        become(world, account, "other")
    told = [str(each)[10:] for each in audit.assumptions(world, since=before)]
    assert told == [
        f"{account}/app became {TRUSTED} (IRSA)",
        f"{account}/other was refused {TRUSTED} (IRSA)",
    ]


def test_a_role_assumed_by_keys_names_its_caller(world: World) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    roles.ensure_role(world, "audit-open", {"Version": "2012-10-17", "Statement": statement})
    before = last_hop(world)
    arn = roles.role_arn(world, "audit-open")
    world.aws("sts").assume_role(RoleArn=arn, RoleSessionName="audited")
    [found] = audit.assumptions(world, since=before)
    assert (found.role, found.via, found.granted) == ("audit-open", "AssumeRole", True)
    assert found.who == world.aws("sts").get_caller_identity()["Arn"]


def test_the_calls_of_a_role_make_its_least_policy(world: World, account: str) -> None:
    course.catch_up(world, through=None)
    bucket = course.bucket_name(world)
    before = last_hop(world)
    s3 = world.aws("s3", credentials=become(world, account, "app"))
    for _ in range(2):
        s3.get_object(Bucket=bucket, Key=course.OBJECT)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="mine", Body=b"")
    calls = audit.recorded_calls(world, TRUSTED, since=before)
    assert [(c.action, c.allowed) for c in calls] == [
        ("s3:GetObject", True),
        ("s3:PutObject", False),
    ]
    assert audit.recorded_calls(world, "nobody", since=before) == []
    least = audit.least_policy(call for call in calls if call.allowed)
    document = {"read": least}
    roles.ensure_role(world, TRUSTED, roles.describe_role(world, TRUSTED)["TrustPolicy"])
    roles.ensure_role(
        world,
        TRUSTED,
        roles.describe_role(world, TRUSTED)["TrustPolicy"],
        permission_policies=document,
    )
    assert s3.get_object(Bucket=bucket, Key=course.OBJECT)["Body"].read()
    with pytest.raises(ClientError, match="s3:ListBucket"):
        s3.list_objects_v2(Bucket=bucket)


def test_a_policy_has_a_statement_for_each_resource() -> None:
    calls = [
        Call("s3:PutObject", "arn:aws:s3:::b/k", True, "x"),
        Call("s3:GetObject", "arn:aws:s3:::b/k", True, "x"),
        Call("s3:ListBucket", "arn:aws:s3:::b", True, "x"),
    ]
    first, second = audit.least_policy(calls)["Statement"]
    assert first["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert second == {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": "arn:aws:s3:::b"}


class CloudTrail:
    """Answers as LookupEvents does, newest first."""

    name = "aws"

    def aws(self, service: str) -> CloudTrail:
        assert service == "cloudtrail"
        return self

    def lookup_events(self, LookupAttributes: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert LookupAttributes[0]["AttributeValue"] == "AssumeRoleWithWebIdentity"
        role = "arn:aws:iam::111122223333:role/app-role"
        record = {
            "eventTime": "2026-01-02T03:04:05Z",
            "userIdentity": {"userName": "system:serviceaccount:default:app"},
            "requestParameters": {"roleArn": role},
        }
        newer = record | {"eventTime": "2026-01-02T04:00:00Z", "errorCode": "AccessDenied"}
        return {"Events": [{"CloudTrailEvent": json.dumps(each)} for each in (newer, record)]}


def test_a_real_accounts_record_is_cloudtrails() -> None:
    found: Any = audit.assumptions(CloudTrail())  # type: ignore[arg-type]
    assert [str(each) for each in found] == [
        "03:04:05  default:app became app-role (IRSA)",
        "04:00:00  default:app was refused app-role (IRSA)",
    ]
