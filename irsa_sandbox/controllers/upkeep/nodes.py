"""Taints that say what a node's conditions and a cordon say.

Source: Kubernetes, pkg/controller/nodelifecycle; documentation, "Taint nodes by condition".
"""

from __future__ import annotations

from irsa_sandbox.apiclient import Object
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import NODES
from irsa_sandbox.controllers.base.predicates import UNSCHEDULABLE

# (condition, status) -> the key of the taint.
BY_CONDITION = {
    ("Ready", "False"): "node.kubernetes.io/not-ready",
    ("Ready", "Unknown"): "node.kubernetes.io/unreachable",
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
}


class NodeController(Controller):
    """Keeps the taints of each node in step with its state; the others are left alone."""

    name, kind = "nodes", NODES

    async def sync(self, node: Object) -> None:
        """The node has the taints that its state asks for."""
        before = node.get("spec", {}).get("taints") or []
        after = taints_of(node)
        if after != before:
            await self.cluster.patch(NODES, node, {"spec": {"taints": after or None}})


def taints_of(node: Object) -> list[Object]:
    """The taints that a node should have: those that people gave it, and those of its state."""
    spec = node.get("spec") or {}
    held = {UNSCHEDULABLE} if spec.get("unschedulable") else set()
    conditions = (node.get("status") or {}).get("conditions") or ()
    held |= {
        BY_CONDITION.get((condition["type"], condition["status"]), "") for condition in conditions
    } - {""}
    managed = {UNSCHEDULABLE, *BY_CONDITION.values()}
    known = [
        taint
        for taint in spec.get("taints") or ()
        if taint["effect"] != "NoSchedule" or taint["key"] not in managed - held
    ]
    there = {taint["key"] for taint in known if taint["effect"] == "NoSchedule"}
    return [*known, *({"key": key, "effect": "NoSchedule"} for key in sorted(held - there))]
