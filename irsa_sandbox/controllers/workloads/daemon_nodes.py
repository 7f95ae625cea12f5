"""On which nodes a DaemonSet's Pods belong, and what ties each to its node.

Source: Kubernetes documentation, "DaemonSet: How Daemon Pods are scheduled"; kubernetes,
pkg/controller/daemon/util.
"""

from __future__ import annotations

from irsa_sandbox.apiclient import Object
from irsa_sandbox.controllers.base.predicates import node_affinity, tolerates

_PRESSURES = ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def bind_to_node(pod: Object, node: str) -> None:
    """Bind the Pod to that node, and let it stay there when the node has trouble; in place."""
    spec = pod["spec"]
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{}]
    # A name replaces the fields that a term had; its expressions stay.
    bound = [term | {"matchFields": [field]} for term in terms]
    affinity[_REQUIRED] = {"nodeSelectorTerms": bound}
    tolerations = spec.setdefault("tolerations", [])
    tolerations += [
        toleration for toleration in _tolerations(spec) if toleration not in tolerations
    ]


def _tolerations(spec: Object) -> list[Object]:
    kinds = [("not-ready", "NoExecute"), ("unreachable", "NoExecute")]
    kinds += [(pressure, "NoSchedule") for pressure in _PRESSURES]
    if spec.get("hostNetwork"):
        kinds.append(("network-unavailable", "NoSchedule"))
    return [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
        for key, effect in kinds
    ]


def node_of(pod: Object) -> str:
    """The node that a DaemonSet's Pod runs on or is made for; empty for a Pod without one."""
    if name := pod["spec"].get("nodeName"):
        return str(name)
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    for term in (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field["key"] == "metadata.name" and len(field.get("values") or ()) == 1:
                return str(field["values"][0])
    return ""


def belongs(pod: Object, node: Object) -> tuple[bool, bool]:
    """Whether a daemon Pod should be made on the node, and whether one that is there may stay."""
    if node_affinity(pod, node, ()):
        return False, False
    taints = (node.get("spec") or {}).get("taints") or ()
    repelling = {taint["effect"] for taint in taints if not tolerates(pod, taint)}
    return not repelling & {"NoSchedule", "NoExecute"}, "NoExecute" not in repelling
