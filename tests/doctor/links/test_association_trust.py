"""EKS Pod Identity: the role must let EKS assume it and tag the session, for these Pods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from irsa_helpers import pod_identity, roles
from irsa_helpers.doctor import doctor, overview
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.worlds import World

BOTH = ["sts:AssumeRole", "sts:TagSession"]


def trust(actions: list[str], **condition: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": actions,
        **({"Condition": condition} if condition else {}),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def associated(world: World, namespace: str) -> Iterator[Any]:
    """Give a ServiceAccount an association with a role of that trust policy."""
    name = f"role-{namespace}"

    def make(policy: dict[str, Any]) -> str:
        ensure_service_account(world, "app", namespace=namespace)
        roles.ensure_role(world, name, trust(BOTH))
        arn = roles.role_arn(world, name)
        pod_identity.ensure_association(world, "app", role_arn=arn, namespace=namespace)
        world.aws("iam").update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(policy))
        return name

    yield make
    pod_identity.ensure_no_association(world, "app", namespace=namespace)
    roles.ensure_no_role(world, name)


def link(world: World, namespace: str) -> Any:
    return doctor(world, "sa/app", namespace=namespace)["trust-policy"]


def listed(world: World, namespace: str) -> bool:
    return any(a.namespace == namespace and a.by != "irsa" for a in overview(world).accesses)


def test_both_calls_are_allowed(world: World, namespace: str, associated: Any) -> None:
    associated(trust(BOTH, StringEquals={"aws:RequestTag/kubernetes-namespace": namespace}))
    assert link(world, namespace).state == "ok"
    assert listed(world, namespace)


def test_a_missing_call_is_named_and_the_fix_adds_it(
    world: World, namespace: str, associated: Any, shell: Any
) -> None:
    associated(trust(["sts:AssumeRole"]))
    found = link(world, namespace)
    assert found.state == "broken"
    assert found.found.startswith("sts:TagSession: ")
    assert "sts:AssumeRole:" not in found.found
    assert not listed(world, namespace)
    shell("sh", "-c", found.fix)
    assert link(world, namespace).state == "ok"
    assert listed(world, namespace)


def test_a_condition_on_the_tags_is_named_with_what_this_pod_has(
    world: World, namespace: str, associated: Any
) -> None:
    associated(trust(BOTH, StringEquals={"aws:RequestTag/kubernetes-namespace": "another"}))
    found = link(world, namespace)
    assert found.state == "broken"
    assert "another" in found.found
    assert namespace in found.found
    assert found.fix.startswith("#"), "a condition is for people to judge"
    assert not listed(world, namespace)


def test_a_role_that_is_gone_is_named(world: World, namespace: str, associated: Any) -> None:
    name = associated(trust(BOTH))
    world.aws("iam").delete_role(RoleName=name)
    found = link(world, namespace)
    assert found.state == "broken"
    assert f"there is no role arn:aws:iam::111122223333:role/{name}" in found.found
