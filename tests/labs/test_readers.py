"""Whoever else may read a lab's bucket is found; administrators are left in peace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from irsa_helpers import roles
from irsa_helpers.labs.clearing import clear_scene
from irsa_helpers.labs.goals import acts_as_role, permits_only_read, trusts_only_app
from irsa_helpers.labs.look import Seen
from irsa_helpers.labs.readers import concerns, gives, other_readers
from irsa_helpers.labs.scene import OBJECT, Scene, build_scene
from irsa_helpers.worlds import World

NAMESPACE = "lab-97"
ADMIN = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture
def scene(world: World) -> Iterator[Scene]:
    """A healthy chain without Pods."""
    yield build_scene(Scene(world, NAMESPACE))
    clear_scene(world, NAMESPACE)


def test_what_a_condition_or_a_denial_keeps_back_counts_as_given() -> None:
    resource = "arn:aws:s3:::data/hello.txt"
    allow = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/*"}
    later = {**allow, "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}}
    deny = {**allow, "Effect": "Deny"}
    for document in (policy(allow), policy(later), policy(allow, deny)):
        assert gives("arn:aws:iam::111122223333:role/a", [document], None, resource)
    assert not gives("arn:aws:iam::111122223333:role/a", [policy(deny)], None, resource)


@pytest.mark.parametrize(
    ("name", "statement", "expected"),
    [
        ("admin", ADMIN, False),
        ("lab-3-side", ADMIN, False),
        ("lab-03-side", ADMIN, True),
        ("side", {**ADMIN, "Resource": "arn:aws:s3:::data/*"}, True),
        ("side", {**ADMIN, "Resource": ["arn:aws:s3:::other/*"]}, False),
        ("side", {**ADMIN, "Effect": "Deny", "Resource": "arn:aws:s3:::data/*"}, False),
    ],
)
def test_a_role_concerns_a_lab_by_its_name_or_by_what_its_policy_names(
    name: str, statement: dict[str, Any], expected: bool
) -> None:
    who = {"Arn": f"arn:aws:iam::111122223333:role/path/{name}"}
    found = concerns(who, "lab-03", [policy(statement)], "arn:aws:s3:::data/hello.txt")
    assert found is expected


def test_side_doors_of_each_kind_are_found(world: World, scene: Scene) -> None:
    """An inline policy, one of the account's own, and one by way of a group."""
    iam, read = world.aws("iam"), roles.build_bucket_read_policy(scene.bucket)
    trust = scene.trust_policy()
    roles.ensure_role(world, f"{NAMESPACE}-inline", trust, permission_policies={"x": read})
    roles.ensure_role(world, f"{NAMESPACE}-attached", trust)
    made = iam.create_policy(PolicyName=f"{NAMESPACE}-x", PolicyDocument=json.dumps(read))
    iam.attach_role_policy(RoleName=f"{NAMESPACE}-attached", PolicyArn=made["Policy"]["Arn"])
    iam.create_user(UserName=f"{NAMESPACE}-person")
    iam.create_group(GroupName=f"{NAMESPACE}-group")
    iam.put_group_policy(
        GroupName=f"{NAMESPACE}-group", PolicyName="x", PolicyDocument=json.dumps(read)
    )
    iam.add_user_to_group(GroupName=f"{NAMESPACE}-group", UserName=f"{NAMESPACE}-person")
    found = other_readers(world, NAMESPACE, f"arn:aws:s3:::{scene.bucket}/{OBJECT}")
    names = {arn.rpartition("/")[2].removeprefix(f"{NAMESPACE}-") for arn in found}
    assert names == {"app-role", "inline", "attached", "person"}
    goal = permits_only_read(scene)
    assert not goal.reached
    assert f"role/{NAMESPACE}-inline may read it too" in goal.found


def test_a_new_role_and_a_new_service_account_are_the_apps_own(world: World, scene: Scene) -> None:
    iam, read = world.aws("iam"), roles.build_bucket_read_policy(scene.bucket)
    trust = json.dumps(scene.trust_policy()).replace(":app-sa", ":reader")
    made = iam.create_role(
        Path="/team/", RoleName=f"{NAMESPACE}-reader", AssumeRolePolicyDocument=trust
    )
    arn = made["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=f"{NAMESPACE}-reader", PolicyName="x", PolicyDocument=json.dumps(read)
    )
    account = {"metadata": {"name": "reader", "annotations": {"eks.amazonaws.com/role-arn": arn}}}
    world.resource("v1", "ServiceAccount").create(namespace=NAMESPACE, body=account)
    scene.deploy(service_account="reader")
    goal = permits_only_read(scene)
    assert f"role/{scene.role} may read it too" in goal.found, "the old role is still open"
    roles.ensure_no_role(world, scene.role)
    seen = Seen(
        f"arn:aws:sts::111122223333:assumed-role/{NAMESPACE}-reader/s",
        "Hello",
        read=True,
        source="assume-role-with-web-identity",
    )
    for goal in (acts_as_role(scene, seen), trusts_only_app(scene), permits_only_read(scene)):
        assert goal.reached, str(goal)


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::111122223333:role/elsewhere", "arn:aws:iam::444455556666:role/lab-97-x"]
)
def test_a_role_of_others_is_not_the_apps_own(scene: Scene, arn: str) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": arn})
    assert scene.as_it_is().role == f"{NAMESPACE}-app-role"
