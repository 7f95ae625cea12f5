"""Step 2: the role, its trust policy and its permissions."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from irsa_helpers import oidc, roles
from irsa_helpers.roles import build_bucket_read_policy, describe_role, ensure_role, same_policy
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World

READ = build_bucket_read_policy("enginrect-data")


@pytest.fixture
def name(world: World) -> Iterator[str]:
    """A role name of this test; the role is gone afterwards."""
    fresh = f"test-{uuid.uuid4().hex[:8]}"
    yield fresh
    roles.ensure_no_role(world, fresh)


@pytest.fixture
def trust_policy(world: World) -> dict[str, Any]:
    return build_trust_policy(oidc.provider_arn(world), "default", "enginrect-sa")


def test_listing_is_on_the_bucket_and_reading_on_its_objects() -> None:
    by_action = {s["Action"]: s["Resource"] for s in READ["Statement"]}
    assert by_action == {
        "s3:ListBucket": "arn:aws:s3:::enginrect-data",
        "s3:GetObject": "arn:aws:s3:::enginrect-data/*",
    }


def test_table_and_secret_policies_name_one_resource() -> None:
    table = "arn:aws:dynamodb:ap-northeast-2:111122223333:table/enginrect-table"
    secret = "arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:enginrect-secret-AbCdEf"
    assert roles.build_table_read_policy(table)["Statement"][0]["Resource"] == table
    assert roles.build_secret_read_policy(secret)["Statement"] == [
        {
            "Sid": "ReadSecret",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": secret,
        }
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"Action": "s3:GetObject"}, {"Action": ["s3:GetObject"]}, True),
        ({"Action": ["a", "b"]}, {"Action": ["b", "a"]}, True),
        ({"Statement": {"Effect": "Allow"}}, {"Statement": [{"Effect": "Allow"}]}, True),
        ({"Action": "s3:GetObject"}, {"Action": "s3:getobject"}, False),
        ({"Action": ["a", "b"]}, {"Action": "a"}, False),
        ({}, READ, False),
    ],
)
def test_policies_are_compared_by_what_they_say(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    assert same_policy(one, other) is same


def test_a_new_role_is_what_was_asked_for(
    world: World, name: str, trust_policy: dict[str, Any]
) -> None:
    change = ensure_role(world, name, trust_policy, permission_policies={"read": READ})
    assert (change.action, change.applied) == ("create", True)
    assert "inline policy read: s3:GetObject, s3:ListBucket" in change.details
    role = describe_role(world, name)
    assert role is not None
    assert role["Arn"] == roles.role_arn(world, name)
    assert role["TrustPolicy"] == trust_policy
    assert role["InlinePolicies"] == {"read": READ}
    assert role["AttachedPolicies"] == []
    assert role["Tags"] == {"irsa-lab": "enginrect-cluster"}
    assert role["MaxSessionDuration"] == 3600


def test_the_same_role_again_is_nothing_to_do(
    world: World, name: str, trust_policy: dict[str, Any]
) -> None:
    ensure_role(world, name, trust_policy, permission_policies={"read": READ})
    again = ensure_role(world, name, trust_policy, permission_policies={"read": READ})
    assert again.action == "none"


def test_only_what_differs_is_written(
    world: World, name: str, trust_policy: dict[str, Any]
) -> None:
    ensure_role(world, name, trust_policy, permission_policies={"read": READ, "kept": READ})
    other_trust = build_trust_policy(oidc.provider_arn(world), "shop", "orders")
    other = build_bucket_read_policy("other-data")
    change = ensure_role(
        world, name, other_trust, permission_policies={"read": other}, max_session_seconds=7200
    )
    assert change.action == "update"
    assert [detail.split(":")[0] for detail in change.details] == [
        "trust policy",
        "maximum session duration",
        "inline policy read",
    ]
    role = describe_role(world, name)
    assert role is not None
    assert role["TrustPolicy"] == other_trust
    assert role["InlinePolicies"] == {"read": other, "kept": READ}
    assert role["MaxSessionDuration"] == 7200


def test_a_real_world_sees_the_plan_first(
    world: World, name: str, trust_policy: dict[str, Any]
) -> None:
    careful = copy.copy(world)
    careful.needs_approval = True
    assert ensure_role(careful, name, trust_policy).pending
    assert describe_role(world, name) is None
    assert ensure_role(careful, name, trust_policy, approve=True).applied
    assert ensure_role(careful, name, trust_policy, max_session_seconds=7200).pending
    assert roles.ensure_no_role(careful, name).pending
    assert describe_role(world, name) is not None


def test_a_role_goes_with_its_policies(
    world: World, name: str, trust_policy: dict[str, Any]
) -> None:
    ensure_role(world, name, trust_policy, permission_policies={"read": READ})
    iam = world.aws("iam")
    made = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(READ))
    managed = made["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=managed)
    change = roles.ensure_no_role(world, name)
    assert change.details == ("delete inline policy read", f"detach {managed}")
    assert describe_role(world, name) is None
    assert roles.ensure_no_role(world, name).action == "none"
    iam.delete_policy(PolicyArn=managed)


def test_a_permission_goes_once_and_the_rest_stays(
    world: World, name: str, trust_policy: dict[str, Any]
) -> None:
    assert roles.ensure_no_permission(world, name, "read").action == "none", "there is no role"
    ensure_role(world, name, trust_policy, permission_policies={"read": READ, "kept": READ})
    careful = copy.copy(world)
    careful.needs_approval = True
    assert roles.ensure_no_permission(careful, name, "read").pending
    assert roles.ensure_no_permission(world, name, "read").applied
    assert roles.ensure_no_permission(world, name, "read").action == "none"
    role = describe_role(world, name)
    assert role is not None
    assert role["InlinePolicies"] == {"kept": READ}


def test_a_role_of_somebody_else_is_not_tagged_when_changed(
    world: World, name: str, trust_policy: dict[str, Any]
) -> None:
    ec2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": ec2 | {"Action": "sts:AssumeRole"}}
    iam = world.aws("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    assert ensure_role(world, name, trust_policy).action == "update"
    assert name not in set(roles.tagged_roles(world))


def test_an_older_session_is_revoked_and_a_new_one_is_not(world: World, name: str) -> None:
    """By the sandbox's own time, which goes ahead of the machine's."""
    me = world.aws("sts").get_caller_identity()["Arn"]
    principal = {"Effect": "Allow", "Principal": {"AWS": me}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    ensure_role(
        world,
        name,
        {"Version": "2012-10-17", "Statement": principal},
        permission_policies={"see": {"Version": "2012-10-17", "Statement": everything}},
    )

    def session() -> Any:
        answer = world.aws("sts").assume_role(
            RoleArn=roles.role_arn(world, name), RoleSessionName="me"
        )
        return world.aws("s3", credentials=answer["Credentials"])

    older = session()
    older.list_buckets()
    world.advance_clock(2)  # a session's time is told in whole seconds
    assert "refuse sessions" in str(roles.ensure_older_sessions_revoked(world, name))
    with pytest.raises(ClientError, match="explicit deny"):
        older.list_buckets()
    session().list_buckets()
