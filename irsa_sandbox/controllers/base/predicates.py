"""What keeps a Pod off a node, in the scheduler's words and in the order in which it asks.

Weighed are cordons, taints, node selectors and affinity, requests and (anti-)affinity between Pods
in a node's topology. Ports of the host and topology spread are not; a NoExecute taint keeps new
Pods away and evicts none.
Source: Kubernetes, pkg/scheduler/framework/plugins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiclient import Object
from irsa_sandbox.controllers.base.owners import is_ended
from irsa_sandbox.values.quantity import amount

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
AFFINITY = "node(s) didn't match Pod's node affinity/selector"
RESOURCES = ("cpu", "memory", "ephemeral-storage")
Predicate = Callable[[Object, Object, Sequence[Object]], list[str]]


def obstacles(pod: Object, node: Object, pods: Sequence[Object]) -> list[str]:
    """Why the node cannot take the Pod beside those that are there; empty where it can."""
    there = [other for other in pods if other["spec"].get("nodeName") == node["metadata"]["name"]]
    running = [other for other in there if not is_ended(other)]
    for predicate in PREDICATES:
        if reasons := predicate(pod, node, running):
            return reasons
    return []


def tolerates(pod: Object, taint: Mapping[str, Any]) -> bool:
    """Whether one of the Pod's tolerations fits the taint."""
    return any(_fits(toleration, taint) for toleration in pod["spec"].get("tolerations") or ())


def _fits(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in {None, "", taint["effect"]}:
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in {None, "", taint["key"]}
    same = toleration.get("key") == taint["key"]
    return same and (toleration.get("value") or "") == (taint.get("value") or "")


def _cordon(pod: Object, node: Object, _: Sequence[Object]) -> list[str]:
    held = node.get("spec", {}).get("unschedulable")
    taint = {"key": UNSCHEDULABLE, "effect": "NoSchedule"}
    return ["node(s) were unschedulable"] if held and not tolerates(pod, taint) else []


def _taints(pod: Object, node: Object, _: Sequence[Object]) -> list[str]:
    taints = [t for t in node.get("spec", {}).get("taints") or () if t["key"] != UNSCHEDULABLE]
    bad = [t for t in taints if t["effect"] != "PreferNoSchedule" and not tolerates(pod, t)]
    return ["node(s) had untolerated taint(s)"] if bad else []


def node_affinity(pod: Object, node: Object, _: Sequence[Object]) -> list[str]:
    """What the Pod wants of a node and does not find."""
    spec, labels = pod["spec"], node["metadata"].get("labels") or {}
    if not selects({"matchLabels": spec.get("nodeSelector")}, labels):
        return [AFFINITY]
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None or any(_term(t, node) for t in required.get("nodeSelectorTerms") or ()):
        return []
    return [AFFINITY]


def _term(term: Object, node: Object) -> bool:
    """Whether a node selector's term fits; an empty one fits nothing."""
    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    asked = [(requirement, labels) for requirement in term.get("matchExpressions") or ()]
    asked += [(requirement, fields) for requirement in term.get("matchFields") or ()]
    return bool(asked) and all(_requirement(requirement, values) for requirement, values in asked)


def _requirement(wanted: Object, values: Mapping[str, str]) -> bool:
    if wanted["operator"] not in {"Gt", "Lt"}:
        return selects({"matchExpressions": [wanted]}, values)
    actual, [limit] = values.get(wanted["key"], ""), wanted["values"]
    if not actual.lstrip("-").isdigit():
        return False
    return int(actual) > int(limit) if wanted["operator"] == "Gt" else int(actual) < int(limit)


def _resources(pod: Object, node: Object, there: Sequence[Object]) -> list[str]:
    given = node.get("status", {}).get("allocatable") or {}
    lacking = []
    if "pods" in given and len(there) + 1 > amount(given["pods"]):
        lacking.append("Too many pods")
    for name in RESOURCES:
        wanted = requested(pod, name)
        if wanted and wanted + sum(requested(p, name) for p in there) > amount(given.get(name, 0)):
            lacking.append(f"Insufficient {name}")
    return lacking


def requested(pod: Object, resource: str) -> Decimal:
    """What a Pod asks for: its containers together, or more where an init container does."""

    def of(container: Object) -> Decimal:
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        asked = (resources.get("requests") or {}).get(resource, limits.get(resource, 0))
        return amount(asked)

    beside, most = Decimal(0), Decimal(0)
    for container in pod["spec"].get("initContainers") or ():
        if container.get("restartPolicy") == "Always":
            beside += of(container)
        else:
            most = max(most, beside + of(container))
    return max(most, beside + sum(map(of, pod["spec"]["containers"])))


def _neighbours(pod: Object, node: Object, there: Sequence[Object]) -> list[str]:
    own = _terms(pod, "podAntiAffinity", node)
    if any(_matched(pod, term, neighbour) for term in own for neighbour in there):
        return ["node(s) didn't match pod anti-affinity rules"]
    for neighbour in there:
        if any(
            _matched(neighbour, term, pod) for term in _terms(neighbour, "podAntiAffinity", node)
        ):
            return ["node(s) didn't satisfy existing pods anti-affinity rules"]
    for term in _terms(pod, "podAffinity", node):
        if not any(_matched(pod, term, neighbour) for neighbour in [*there, pod]):
            return ["node(s) didn't match pod affinity rules"]
    return []


def _terms(pod: Object, kind: str, node: Object) -> list[Object]:
    """The required terms of a Pod whose topology the node belongs to."""
    affinity = (pod["spec"].get("affinity") or {}).get(kind) or {}
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or []
    labels = node["metadata"].get("labels") or {}
    return [term for term in terms if term["topologyKey"] in labels]


def _matched(owner: Object, term: Object, other: Object) -> bool:
    namespaces = term.get("namespaces") or [owner["metadata"]["namespace"]]
    labels = other["metadata"].get("labels") or {}
    selector = term.get("labelSelector")
    return other["metadata"]["namespace"] in namespaces and bool(
        selector is not None and selects(selector, labels)
    )


PREDICATES: tuple[Predicate, ...] = (_cordon, _taints, node_affinity, _resources, _neighbours)
