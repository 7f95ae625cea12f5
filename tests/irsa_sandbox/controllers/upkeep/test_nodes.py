"""A node's taints follow its conditions and a cordon; those that people set stay."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_sandbox.controllers.upkeep.nodes import taints_of

OWN = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("spec", "ready", "expected"),
    [
        ({}, "True", []),
        ({"unschedulable": True}, "True", [CORDON]),
        ({"unschedulable": True, "taints": [CORDON]}, "True", [CORDON]),
        ({"taints": [CORDON, OWN]}, "True", [OWN]),
        ({"taints": [NOT_READY]}, "True", []),
        ({"taints": [OWN]}, "False", [OWN, NOT_READY]),
        (
            {"taints": [NOT_READY | {"effect": "NoExecute"}]},
            "True",
            [NOT_READY | {"effect": "NoExecute"}],
        ),
    ],
)
def test_taints_follow_the_state_of_a_node(
    spec: dict[str, Any], ready: str, expected: list[dict[str, str]]
) -> None:
    conditions = [{"type": "Ready", "status": ready}]
    assert taints_of({"spec": spec, "status": {"conditions": conditions}}) == expected
