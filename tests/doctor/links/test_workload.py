"""Faults around the ServiceAccount that need no running Pod to be seen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.doctor.evidence.reading import SkipError
from irsa_helpers.doctor.links import workload

ROLE = "arn:aws:iam::111122223333:role/enginrect-irsa-role"
OTHER = "arn:aws:iam::111122223333:role/from-pod-identity"
KEY = "eks.amazonaws.com/role-arn"


def case(annotations: dict[str, str], **facts: Any) -> Any:
    """A Deployment `app` that runs as `enginrect-sa`, which carries these annotations."""
    told = {
        "name": "app",
        "namespace": "default",
        "kind": SimpleNamespace(name="deployment", plural="deployments"),
        "is_account": False,
        "world": SimpleNamespace(cluster_name="enginrect-cluster"),
        "partition": "aws",
        "is_of_another_partition": lambda arn: not arn.startswith("arn:aws:"),
        "account_name": "enginrect-sa",
        "accounts": {"enginrect-sa": {}},
        "intended_account": "enginrect-sa",
        "intended_annotations": annotations,
        "misplaced_roles": [],
        "association": None,
        "uses_pod_identity": facts.get("association") is not None,
        "is_by_association": KEY not in annotations and facts.get("association") is not None,
        "owner": "deployment/app",
        "role_by_hand": None,
        "own_account": "111122223333",
        "role_arn": ROLE,
    }
    return SimpleNamespace(**(told | facts))


def test_irsa_alone_is_no_fault() -> None:
    here = case({KEY: ROLE})
    checks = (workload.pod_identity, workload.annotation, workload.role_arn)
    assert [check(here).state for check in checks] == ["ok", "ok", "ok"]


def test_pod_identity_alone_is_no_fault() -> None:
    here = case({}, association={"roleArn": OTHER, "associationId": "a-1"})
    assert workload.pod_identity(here).state == "ok"
    with pytest.raises(SkipError, match="EKS Pod Identity is used instead"):
        workload.annotation(here)


def test_both_at_once_is_told_with_the_one_that_wins() -> None:
    association = {"roleArn": OTHER, "associationId": "a-1"}
    link = workload.pod_identity(case({KEY: ROLE}, association=association))
    assert link.state == "broken"
    assert link.found.startswith(f"EKS Pod Identity gives {OTHER}")
    assert "delete-pod-identity-association" in link.fix
    assert "--association-id a-1" in link.fix
    same = case({KEY: ROLE}, association=association | {"roleArn": ROLE})
    assert workload.pod_identity(same).state == "risk"


def test_a_missing_annotation_comes_with_the_role_that_was_meant() -> None:
    link = workload.annotation(case({}))
    assert link.state == "broken"
    assert f"{KEY}={ROLE}" in link.fix


@pytest.mark.parametrize("value", ["enginrect-irsa-role", f"{ROLE} ", "arn:aws:iam::1:role/x", ""])
def test_what_is_no_arn_is_told_with_one_that_is(value: str) -> None:
    link = workload.role_arn(case({KEY: value}))
    assert link.state == "broken"
    assert f"{KEY}=arn:aws:iam::111122223333:role/" in link.fix


def test_another_partitions_arn_is_told_with_the_clusters() -> None:
    link = workload.role_arn(case({KEY: ROLE.replace("arn:aws:", "arn:aws-cn:")}))
    assert link.state == "broken"
    assert "the cluster, which is of aws" in link.found
    assert f"{KEY}={ROLE}" in link.fix


@pytest.mark.parametrize("value", ["60", "599", "86401", "one hour", "-1", "3600.5"])
def test_a_token_life_that_will_not_come_true_is_a_risk(value: str) -> None:
    here = case({"eks.amazonaws.com/token-expiration": value})
    assert workload.token_expiration(here).state == "risk"


@pytest.mark.parametrize("value", ["600", "3600", "86400"])
def test_a_token_life_within_bounds_is_no_fault(value: str) -> None:
    here = case({"eks.amazonaws.com/token-expiration": value})
    assert workload.token_expiration(here).state == "ok"


def test_a_missing_service_account_names_those_alike() -> None:
    accounts: dict[str, Any] = {"enginrect-sa": {}, "default": {}}
    here = case({}, account_name="enginrect-s", intended_account="enginrect-s", accounts=accounts)
    link = workload.service_account(here)
    assert "alike: enginrect-sa" in link.found
    assert 'serviceaccount "enginrect-s" not found' in link.error


def test_a_workload_that_no_role_was_meant_for_is_no_fault() -> None:
    class Nobody(SimpleNamespace):
        @property
        def role_arn(self) -> str:
            raise SkipError("no role is named")

    told = vars(case({}))
    del told["role_arn"]
    link = workload.annotation(Nobody(**told))  # type: ignore[arg-type]
    assert link.state == "ok"
    assert "IRSA is not used here" in link.found


def test_a_role_by_hand_needs_no_annotation() -> None:
    here = case({}, role_by_hand=ROLE)
    assert workload.annotation(here).state == "ok"
    assert workload.role_arn(here).found == ROLE
