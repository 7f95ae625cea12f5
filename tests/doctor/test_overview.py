"""Who in the cluster can become which role, and which roles admit too many."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from irsa_helpers import oidc, roles
from irsa_helpers.doctor import overview
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.world import World


@pytest.fixture
def role(world: World, namespace: str) -> Iterator[str]:
    """A role that admits `app` of the namespace."""
    name = f"{namespace}-role"
    oidc.ensure_provider(world)
    policy = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    roles.ensure_role(world, name, policy)
    yield name
    roles.ensure_no_role(world, name)


def test_an_annotated_account_and_its_role_are_listed(
    world: World, namespace: str, role: str
) -> None:
    arn = roles.role_arn(world, role)
    ensure_service_account(world, "app", namespace=namespace, role_arn=arn)
    found = overview(world)
    mine = [access for access in found.accesses if access.role_arn == arn]
    assert [(a.namespace, a.service_account, a.annotated) for a in mine] == [
        (namespace, "app", True)
    ]
    assert not [refusal for refusal in found.refusals if refusal.role_arn == arn]
    assert json.loads(json.dumps(found.to_dict()))["accesses"]
    assert f"{namespace}/app -> {arn}" in str(found)


def test_an_annotation_that_leads_nowhere_is_listed(
    world: World, namespace: str, role: str
) -> None:
    arn = roles.role_arn(world, role)
    ensure_service_account(world, "other", namespace=namespace, role_arn=arn)
    [refusal] = [r for r in overview(world).refusals if r.namespace == namespace]
    assert (refusal.service_account, refusal.role_arn) == ("other", arn)
    assert refusal.reason == "the role's trust policy does not admit it"


def test_a_wide_trust_policy_shows_all_whom_it_admits(
    world: World, namespace: str, role: str
) -> None:
    prefix = oidc.issuer_host_path(oidc.issuer_url(world))
    policy = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    policy["Statement"][0]["Condition"] = {
        "StringLike": {f"{prefix}:sub": "system:serviceaccount:*:*"}
    }
    roles.ensure_role(world, role, policy)
    ensure_service_account(world, "stranger", namespace=namespace)
    found, arn = overview(world), roles.role_arn(world, role)
    assert not found.ok
    assert arn in {wide.role_arn for wide in found.wide}
    strangers = {a.service_account for a in found.accesses if a.role_arn == arn}
    assert {"stranger", "default"} <= strangers


def test_without_a_provider_nobody_becomes_anything(
    world: World, namespace: str, role: str
) -> None:
    arn = roles.role_arn(world, role)
    ensure_service_account(world, "app", namespace=namespace, role_arn=arn)
    oidc.ensure_no_provider(world)
    found = overview(world)
    assert found.accesses == ()
    [refusal] = [r for r in found.refusals if r.namespace == namespace]
    assert "no provider" in refusal.reason
