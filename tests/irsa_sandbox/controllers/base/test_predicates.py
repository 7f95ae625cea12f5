"""The scheduler places a Pod where nothing speaks against it, and else says what does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from irsa_sandbox.controllers.base.predicates import obstacles, requested
from irsa_sandbox.controllers.upkeep.scheduler import unschedulable

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
ELSEWHERE = ["node(s) didn't match Pod's node affinity/selector"]
TAINTED = ["node(s) had untolerated taint(s)"]
TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}


def node(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "n", "labels": {"disk": "ssd", "cores": "4", "zone": "a"}},
        "spec": spec,
        "status": {"allocatable": {"cpu": "2", "memory": "1Gi", "pods": "3"}},
    }


def pod(labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "p", "namespace": "default", "labels": labels or {}},
        "spec": {"containers": [{"name": "c"}], **spec},
    }


def asking(cpu: str, **spec: Any) -> dict[str, Any]:
    resources = {"requests": {"cpu": cpu}}
    return pod(containers=[{"name": "c", "resources": resources}], **spec)


def wanting(*expressions: tuple[str, str, list[str]], kind: str = "matchExpressions") -> Any:
    terms = [{"key": key, "operator": how, "values": values} for key, how, values in expressions]
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{kind: terms}]}}}


def beside(app: str, kind: str = "podAntiAffinity") -> Any:
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "zone"}
    return {kind: {REQUIRED: [term]}}


@pytest.mark.parametrize(
    ("wanted", "on", "expected"),
    [
        (pod(), node(), []),
        (pod(), node(unschedulable=True), ["node(s) were unschedulable"]),
        (pod(tolerations=[{"operator": "Exists"}]), node(unschedulable=True), []),
        (pod(), node(taints=[TAINT]), TAINTED),
        (pod(), node(taints=[TAINT | {"effect": "PreferNoSchedule"}]), []),
        (pod(tolerations=[{"key": "gpu", "value": "yes"}]), node(taints=[TAINT]), []),
        (pod(tolerations=[{"key": "gpu", "value": "no"}]), node(taints=[TAINT]), TAINTED),
        (
            pod(tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}]),
            node(taints=[TAINT]),
            TAINTED,
        ),
        (pod(nodeSelector={"disk": "ssd"}), node(), []),
        (pod(nodeSelector={"disk": "hdd"}), node(), ELSEWHERE),
        (pod(affinity=wanting(("disk", "In", ["ssd"]))), node(), []),
        (pod(affinity=wanting(("disk", "NotIn", ["ssd"]))), node(), ELSEWHERE),
        (pod(affinity=wanting(("cores", "Gt", ["3"]))), node(), []),
        (pod(affinity=wanting(("cores", "Lt", ["4"]))), node(), ELSEWHERE),
        (pod(affinity=wanting()), node(), ELSEWHERE),
        (pod(affinity=wanting(("metadata.name", "In", ["n"]), kind="matchFields")), node(), []),
        (asking("1500m"), node(), []),
        (asking("1501m"), node(), ["Insufficient cpu"]),
        (pod(affinity=beside("db")), node(), ["node(s) didn't match pod anti-affinity rules"]),
        (pod(affinity=beside("web")), node(), []),
        (
            pod(affinity=beside("web", "podAffinity")),
            node(),
            ["node(s) didn't match pod affinity rules"],
        ),
        (pod({"app": "web"}, affinity=beside("web", "podAffinity")), node(), []),
    ],
)
def test_what_keeps_a_pod_off_a_node(wanted: Any, on: Any, expected: list[str]) -> None:
    there = asking("500m", nodeName="n")
    there["metadata"]["labels"] = {"app": "db"}
    ended = asking("2", nodeName="n") | {"status": {"phase": "Succeeded"}}
    assert obstacles(wanted, on, [there, ended, asking("2", nodeName="other")]) == expected


def test_a_node_holds_so_many_pods() -> None:
    assert obstacles(pod(), node(), [pod(nodeName="n")] * 3) == ["Too many pods"]


def test_init_containers_count_where_they_ask_for_more() -> None:
    def container(cpu: str, **more: str) -> dict[str, Any]:
        return {"name": "c", "resources": {"limits": {"cpu": cpu}}, **more}

    inits = [container("1", restartPolicy="Always"), container("5")]
    assert requested(pod(containers=[container("2")], initContainers=inits), "cpu") == 6


def test_the_sentence_counts_the_nodes() -> None:
    assert unschedulable(Counter({"Insufficient cpu": 1}), 1) == (
        "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: "
        "1 No preemption victims found for incoming pod."
    )
