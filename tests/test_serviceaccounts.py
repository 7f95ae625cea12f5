"""Step 3: the ServiceAccount and its annotation."""

from __future__ import annotations

import copy

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.serviceaccounts import (
    ROLE_ARN,
    describe_service_account,
    ensure_no_service_account,
    ensure_service_account,
)
from irsa_helpers.worlds import World
from tests.typed import core_v1

ARN = "arn:aws:iam::111122223333:role/enginrect-irsa-role"
OTHER_ARN = "arn:aws:iam::111122223333:role/team/other"


def test_it_is_made_with_its_role(world: World, namespace: str) -> None:
    change = ensure_service_account(world, "enginrect-sa", namespace=namespace, role_arn=ARN)
    assert (change.action, change.applied) == ("create", True)
    assert change.details == (f"annotate {ROLE_ARN}={ARN}",)
    found = describe_service_account(world, "enginrect-sa", namespace=namespace)
    assert found is not None
    assert found["role_arn"] == ARN
    assert found["subject"] == f"system:serviceaccount:{namespace}:enginrect-sa"
    assert found["labels"] == {"irsa-lab": "enginrect-cluster"}


def test_the_same_again_is_nothing_to_do(world: World, namespace: str) -> None:
    ensure_service_account(world, "enginrect-sa", namespace=namespace, role_arn=ARN)
    again = ensure_service_account(world, "enginrect-sa", namespace=namespace, role_arn=ARN)
    assert again.action == "none"
    assert ensure_service_account(world, "enginrect-sa", namespace=namespace).action == "none"


def test_annotations_change_and_others_stay(world: World, namespace: str) -> None:
    notes = {"team": "shop", "eks.amazonaws.com/audience": "vault"}
    ensure_service_account(world, "app", namespace=namespace, role_arn=ARN, annotations=notes)
    change = ensure_service_account(
        world,
        "app",
        namespace=namespace,
        role_arn=OTHER_ARN,
        annotations={"eks.amazonaws.com/audience": None},
    )
    assert change.action == "update"
    assert "remove eks.amazonaws.com/audience" in change.details
    found = describe_service_account(world, "app", namespace=namespace)
    assert found is not None
    assert found["annotations"] == {"team": "shop", ROLE_ARN: OTHER_ARN}


@pytest.mark.parametrize(
    "role_arn",
    [
        "enginrect-irsa-role",
        "arn:aws:iam::1111:role/x",
        "arn:aws:iam::111122223333:user/x",
        f"{ARN} ",
        "arn:aws:sts::111122223333:assumed-role/x/y",
    ],
)
def test_what_is_no_role_arn_is_refused(world: World, role_arn: str) -> None:
    with pytest.raises(IrsaLabError, match="not the ARN of a role"):
        ensure_service_account(world, "never", role_arn=role_arn)
    assert describe_service_account(world, "never") is None


def test_a_real_world_sees_the_plan_first(world: World, namespace: str) -> None:
    careful = copy.copy(world)
    careful.needs_approval = True
    plan = ensure_service_account(careful, "app", namespace=f"{namespace}-not-there", role_arn=ARN)
    assert plan.pending
    assert plan.details[0] == f"create the namespace {namespace}-not-there"
    assert ensure_service_account(careful, "app", namespace=namespace, approve=True).applied
    assert ensure_service_account(careful, "app", namespace=namespace, role_arn=ARN).pending
    assert ensure_no_service_account(careful, "app", namespace=namespace).pending
    found = describe_service_account(world, "app", namespace=namespace)
    assert found is not None
    assert found["role_arn"] is None


def test_a_missing_namespace_is_made(world: World, namespace: str) -> None:
    fresh = f"{namespace}-more"
    try:
        ensure_service_account(world, "app", namespace=fresh)
        assert describe_service_account(world, "app", namespace=fresh) is not None
    finally:
        core_v1(world).delete_namespace(fresh)


def test_it_can_be_taken_away(world: World, namespace: str) -> None:
    ensure_service_account(world, "app", namespace=namespace)
    assert ensure_no_service_account(world, "app", namespace=namespace).applied
    assert describe_service_account(world, "app", namespace=namespace) is None
    assert ensure_no_service_account(world, "app", namespace=namespace).action == "none"
