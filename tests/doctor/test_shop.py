"""The workshop's base application: healthy as it is, and ten faults of ten in it are named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from irsa_helpers import oidc
from irsa_helpers.doctor import Survey, survey
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.doctor.shop import TEN, Shop


@pytest.fixture
def shop(world: SandboxWorld, namespace: str) -> Iterator[Shop]:
    """The shop, open; no Pod of it runs."""
    oidc.ensure_provider(world)
    shop = Shop(world, namespace)
    shop.open()
    shop.wait_for_pods()
    yield shop
    shop.close()


def in_shop(found: Survey, shop: Shop) -> list[tuple[str, str]]:
    """(workload, link) of each fault, as far as the shop's workloads are struck."""
    own = f"{shop.prefix}-"
    return sorted(
        (workload.removeprefix(own), fault.link.name)
        for fault in found.faults
        for workload in fault.workloads
        if workload.startswith(own)
    )


def test_the_shop_is_healthy_and_ten_planted_faults_are_named_and_nothing_else(shop: Shop) -> None:
    before = survey(shop.world)
    assert in_shop(before, shop) == [], str(before)
    for fault in TEN:
        fault.plant(shop)
    after = survey(shop.world)
    assert in_shop(after, shop) == sorted((fault.workload, fault.link) for fault in TEN), str(after)
    own = f"{shop.prefix}-"
    assert not [refusal for refusal in after.roles.refusals if refusal.namespace.startswith(own)]
    assert not [wide for wide in after.roles.wide if own in wide.role_arn]
