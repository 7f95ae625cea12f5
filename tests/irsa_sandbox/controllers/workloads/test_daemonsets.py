"""DaemonSets: a Pod on each node that takes it, seen through the API of a running sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.controllers.workloads.daemon_nodes import belongs, bind_to_node, node_of
from irsa_sandbox.node.node import NODE_NAME
from tests.typed import apps_v1, core_v1
from tests.watching import until, until_names, until_none

LABELS = {"app": "agent"}
TAINT = {"key": "reserved", "value": "yes", "effect": "NoSchedule"}


def daemon_set(name: str = "agent", **spec: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "c", "image": "pause"}], "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": LABELS}, "spec": pod | spec.pop("pod", {})}
    whole = {"selector": {"matchLabels": LABELS}, "template": template}
    return {"metadata": {"name": name}, "spec": whole | spec}


def test_a_pod_is_tied_to_its_node_and_stays_there_in_trouble() -> None:
    pod: dict[str, Any] = {"spec": {"tolerations": [{"key": "own", "operator": "Exists"}]}}
    bind_to_node(pod, "n")
    assert node_of(pod) == "n"
    keys = [each["key"].rpartition("/")[2] for each in pod["spec"]["tolerations"]]
    assert keys == [
        *("own", "not-ready", "unreachable", "disk-pressure", "memory-pressure"),
        *("pid-pressure", "unschedulable"),
    ]


def test_an_affinity_of_the_template_is_kept() -> None:
    wanted = {"key": "disk", "operator": "In", "values": ["ssd"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [wanted]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    pod: dict[str, Any] = {"spec": {"affinity": {"nodeAffinity": required}}}
    bind_to_node(pod, "n")
    node: dict[str, Any] = {"metadata": {"name": "n", "labels": {"disk": "hdd"}}}
    assert belongs(pod, node) == (False, False)
    node["metadata"]["labels"] = {"disk": "ssd"}
    assert belongs(pod, node) == (True, True)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("PreferNoSchedule", (True, True)),
        ("NoSchedule", (False, True)),
        ("NoExecute", (False, False)),
    ],
)
def test_taints_keep_a_pod_away_or_drive_it_out(effect: str, expected: tuple[bool, bool]) -> None:
    pod: dict[str, Any] = {"spec": {}}
    bind_to_node(pod, "n")
    taints = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    node = {"metadata": {"name": "n"}, "spec": {"taints": [*taints, TAINT | {"effect": effect}]}}
    assert belongs(pod, node) == expected


def test_every_node_gets_a_pod_and_the_status_counts_it(
    world: SandboxWorld, namespace: str
) -> None:
    apps = apps_v1(world)
    apps.create_namespaced_daemon_set(namespace, daemon_set())
    ready = until(
        apps.list_namespaced_daemon_set, namespace, lambda _, each: each.status.number_available
    )
    status = ready.status
    assert (status.desired_number_scheduled, status.current_number_scheduled) == (1, 1)
    assert (status.number_ready, status.updated_number_scheduled) == (1, 1)
    assert (status.number_misscheduled, status.number_unavailable) == (0, None)
    [pod] = core_v1(world).list_namespaced_pod(namespace).items
    assert pod.spec.node_name == NODE_NAME
    assert pod.metadata.generate_name == "agent-"
    [owner] = pod.metadata.owner_references
    assert (owner.kind, owner.uid, owner.controller) == ("DaemonSet", ready.metadata.uid, True)
    [revision] = apps.list_namespaced_controller_revision(namespace).items
    digest = pod.metadata.labels["controller-revision-hash"]
    assert revision.metadata.name == f"agent-{digest}"
    assert pod.metadata.labels["pod-template-generation"] == "1"
    [event] = (
        core_v1(world)
        .list_namespaced_event(namespace, field_selector="involvedObject.kind=DaemonSet")
        .items
    )
    assert event.message == f"Created pod: {pod.metadata.name}"
    assert event.source.component == "daemonset-controller"


def test_a_deleted_pod_comes_back_and_all_goes_with_the_set(
    world: SandboxWorld, namespace: str
) -> None:
    apps, core = apps_v1(world), core_v1(world)
    apps.create_namespaced_daemon_set(namespace, daemon_set())
    listing = core.list_namespaced_pod
    first = until(listing, namespace, lambda _, pod: pod.status.phase == "Running")
    core.delete_namespaced_pod(first.metadata.name, namespace)
    until(listing, namespace, lambda _, pod: pod.metadata.uid != first.metadata.uid)
    apps.delete_namespaced_daemon_set("agent", namespace)
    until_none(listing, namespace)
    until_none(apps.list_namespaced_controller_revision, namespace)


@pytest.mark.parametrize("rolling", [{"maxUnavailable": 1}, {"maxUnavailable": 0, "maxSurge": 1}])
def test_a_new_template_is_rolled_out(
    world: SandboxWorld, namespace: str, rolling: dict[str, int]
) -> None:
    apps = apps_v1(world)
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    apps.create_namespaced_daemon_set(namespace, daemon_set(updateStrategy=strategy))
    listing = apps.list_namespaced_daemon_set
    until(listing, namespace, lambda _, each: each.status.number_available)
    [old] = core_v1(world).list_namespaced_pod(namespace).items
    change = {"spec": {"template": {"metadata": {"annotations": {"new": "yes"}}}}}
    after = apps.patch_namespaced_daemon_set("agent", namespace, change)

    def rolled(_: str, each: Any) -> bool:
        seen = each.status.observed_generation == after.metadata.generation
        return bool(seen and each.status.updated_number_scheduled and each.status.number_available)

    until(listing, namespace, rolled)
    until(
        core_v1(world).list_namespaced_pod,
        namespace,
        lambda _, pod: pod.metadata.name != old.metadata.name and pod.status.phase == "Running",
    )
    revisions = apps.list_namespaced_controller_revision(namespace).items
    assert sorted(each.revision for each in revisions) == [1, 2]


def replaced(world: SandboxWorld, namespace: str, rolling: dict[str, Any]) -> tuple[Any, Any]:
    """The Pod of a DaemonSet, and the one of its next template, running and never ready."""
    apps, core = apps_v1(world), core_v1(world)
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    apps.create_namespaced_daemon_set(namespace, daemon_set(updateStrategy=strategy))
    listing = apps.list_namespaced_daemon_set
    until(listing, namespace, lambda _, each: each.status.number_available)
    [old] = core.list_namespaced_pod(namespace).items
    container = {"name": "c", "readinessProbe": {"exec": {"command": ["false"]}}}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_daemon_set("agent", namespace, change)

    def is_next(_: str, pod: Any) -> bool:
        return bool(pod.metadata.uid != old.metadata.uid and pod.status.phase == "Running")

    return old, until(core.list_namespaced_pod, namespace, is_next)


@pytest.mark.parametrize("surge", [1, "100%"])
def test_a_surge_lets_the_old_pod_work_until_the_new_one_does(
    world: SandboxWorld, namespace: str, surge: int | str
) -> None:
    apps, core = apps_v1(world), core_v1(world)
    old, new = replaced(world, namespace, {"maxUnavailable": 0, "maxSurge": surge})
    names = {old.metadata.name, new.metadata.name}
    seen = {each.metadata.name: each for each in core.list_namespaced_pod(namespace).items}
    assert set(seen) == names
    assert not any(each.metadata.deletion_timestamp for each in seen.values())
    assert apps.read_namespaced_daemon_set("agent", namespace).status.number_available == 1
    spec = {"containers": [{"name": "c", "readinessProbe": None}]}
    change = {"spec": {"template": {"metadata": {"annotations": {"new": "yes"}}, "spec": spec}}}
    apps.patch_namespaced_daemon_set("agent", namespace, change)
    until_names(
        core.list_namespaced_pod, namespace, lambda left: len(left) == 1 and not left & names
    )


def test_without_a_surge_the_old_pod_goes_first(world: SandboxWorld, namespace: str) -> None:
    _, new = replaced(world, namespace, {"maxUnavailable": 1})
    left = [each.metadata.name for each in core_v1(world).list_namespaced_pod(namespace).items]
    assert left == [new.metadata.name]
    assert (
        apps_v1(world).read_namespaced_daemon_set("agent", namespace).status.number_available
        is None
    )


def test_on_delete_waits_for_somebody_to_delete(world: SandboxWorld, namespace: str) -> None:
    apps, core = apps_v1(world), core_v1(world)
    apps.create_namespaced_daemon_set(namespace, daemon_set(updateStrategy={"type": "OnDelete"}))
    listing = apps.list_namespaced_daemon_set
    until(listing, namespace, lambda _, each: each.status.number_available)
    [old] = core.list_namespaced_pod(namespace).items
    change = {"spec": {"template": {"metadata": {"annotations": {"new": "yes"}}}}}
    after = apps.patch_namespaced_daemon_set("agent", namespace, change)
    generation = after.metadata.generation
    seen = until(listing, namespace, lambda _, each: each.status.observed_generation == generation)
    assert not seen.status.updated_number_scheduled
    assert [each.metadata.uid for each in core.list_namespaced_pod(namespace).items] == [
        old.metadata.uid
    ]
    core.delete_namespaced_pod(old.metadata.name, namespace)
    until(listing, namespace, lambda _, each: each.status.updated_number_scheduled == 1)


@pytest.fixture
def reserved(world: SandboxWorld) -> Iterator[None]:
    """The node is kept for others."""
    core = core_v1(world)
    core.patch_node(NODE_NAME, {"spec": {"taints": [TAINT]}})
    yield
    core.patch_node(NODE_NAME, {"spec": {"taints": None}})


@pytest.mark.usefixtures("reserved")
def test_a_tainted_node_gets_the_pods_that_tolerate_it(world: SandboxWorld, namespace: str) -> None:
    apps = apps_v1(world)
    tolerant = {"tolerations": [{"key": "reserved", "operator": "Exists"}]}
    apps.create_namespaced_daemon_set(namespace, daemon_set("shy"))
    other = daemon_set("bold", pod=tolerant)
    other["spec"]["selector"] = {"matchLabels": {"app": "bold"}}
    other["spec"]["template"]["metadata"] = {"labels": {"app": "bold"}}
    apps.create_namespaced_daemon_set(namespace, other)
    listing = apps.list_namespaced_daemon_set
    until(listing, namespace, lambda _, each: each.status.number_ready)
    wanted = {
        each.metadata.name: each.status.desired_number_scheduled
        for each in listing(namespace).items
    }
    assert wanted == {"shy": 0, "bold": 1}


def test_a_set_that_gets_no_pods_says_why(world: SandboxWorld, namespace: str) -> None:
    body = daemon_set(pod={"serviceAccountName": "nobody"})
    apps_v1(world).create_namespaced_daemon_set(namespace, body)
    listing = core_v1(world).list_namespaced_event
    event = until(listing, namespace, lambda _, each: each.reason == "FailedCreate")
    assert 'serviceaccount "nobody" not found' in event.message
