"""EKS Pod Identity's associations: made once, planned first, removed, and found again by tag."""

from __future__ import annotations

import copy

import pytest

from irsa_helpers import pod_identity, roles, serviceaccounts
from irsa_helpers.worlds import World


@pytest.fixture
def role(world: World) -> str:
    roles.ensure_role(world, "pods-role", pod_identity.build_pod_identity_trust_policy())
    return roles.role_arn(world, "pods-role")


def test_an_association_is_made_once(world: World, namespace: str, role: str) -> None:
    where = {"namespace": namespace}
    assert pod_identity.describe_association(world, "app", **where) is None
    made = pod_identity.ensure_association(world, "app", role_arn=role, **where)
    assert (made.action, made.applied) == ("create", True)
    assert pod_identity.describe_association(world, "app", **where)["roleArn"] == role
    assert pod_identity.ensure_association(world, "app", role_arn=role, **where).action == "none"
    assert (namespace, "app") in list(pod_identity.tagged_associations(world))
    assert pod_identity.ensure_no_association(world, "app", **where).applied
    assert pod_identity.ensure_no_association(world, "app", **where).action == "none"


def test_another_role_replaces_the_first(world: World, namespace: str, role: str) -> None:
    pod_identity.ensure_association(world, "app", role_arn=role, namespace=namespace)
    roles.ensure_role(world, "pods-role-2", pod_identity.build_pod_identity_trust_policy())
    other = roles.role_arn(world, "pods-role-2")
    change = pod_identity.ensure_association(world, "app", role_arn=other, namespace=namespace)
    assert change.action == "update"
    found = pod_identity.describe_association(world, "app", namespace=namespace)
    assert found["roleArn"] == other


def test_a_plan_changes_nothing(world: World, namespace: str, role: str) -> None:
    careful = copy.copy(world)
    careful.needs_approval = True
    planned = pod_identity.ensure_association(careful, "app", role_arn=role, namespace=namespace)
    assert planned.pending
    assert pod_identity.describe_association(world, "app", namespace=namespace) is None
    pod_identity.ensure_association(world, "app", role_arn=role, namespace=namespace)
    assert pod_identity.ensure_no_association(careful, "app", namespace=namespace).pending
    assert pod_identity.describe_association(world, "app", namespace=namespace) is not None


def test_the_service_account_need_not_exist_yet(world: World, namespace: str, role: str) -> None:
    pod_identity.ensure_association(world, "later", role_arn=role, namespace=namespace)
    serviceaccounts.ensure_service_account(world, "later", namespace=namespace)
    assert pod_identity.describe_association(world, "later", namespace=namespace)["roleArn"] == role


def test_a_target_role_is_given_and_taken_away(world: World, namespace: str, role: str) -> None:
    target = "arn:aws:iam::444455556666:role/data"
    where = {"role_arn": role, "namespace": namespace}
    made = pod_identity.ensure_association(world, "app", target_role_arn=target, **where)
    assert made.details == (f"give it {target}, by way of {role}",)
    again = pod_identity.ensure_association(world, "app", target_role_arn=target, **where)
    assert again.action == "none"
    found = pod_identity.describe_association(world, "app", namespace=namespace)
    assert found is not None
    assert found["targetRoleArn"] == target
    assert pod_identity.ensure_association(world, "app", **where).action == "update"
    found = pod_identity.describe_association(world, "app", namespace=namespace)
    assert found is not None
    assert "targetRoleArn" not in found
