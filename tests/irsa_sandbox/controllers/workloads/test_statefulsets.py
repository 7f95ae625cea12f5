"""StatefulSets: Pods with names of their own, in their order, in a running sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import apps_v1, core_v1
from tests.watching import until, until_names, until_none

LABELS = {"app": "web"}


def stateful_set(replicas: int = 2, **spec: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "c", "image": "pause"}], "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": LABELS}, "spec": pod | spec.pop("pod", {})}
    whole = {"selector": {"matchLabels": LABELS}, "template": template, "serviceName": "web"}
    return {"metadata": {"name": "web"}, "spec": whole | {"replicas": replicas} | spec}


def never_ready() -> dict[str, Any]:
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    return {"containers": [{"name": "c", "image": "pause", "readinessProbe": probe}]}


class Sets:
    """The set `web` of a namespace, and its Pods."""

    def __init__(self, world: SandboxWorld, namespace: str) -> None:
        self.apps, self.core, self.namespace = apps_v1(world), core_v1(world), namespace

    def make(self, *arguments: Any, **spec: Any) -> None:
        self.apps.create_namespaced_stateful_set(self.namespace, stateful_set(*arguments, **spec))

    def change(self, **spec: Any) -> Any:
        return self.apps.patch_namespaced_stateful_set("web", self.namespace, {"spec": spec})

    def annotate_template(self, value: str) -> Any:
        return self.change(template={"metadata": {"annotations": {"version": value}}})

    def until(self, **status: Any) -> Any:
        """The set as soon as its status says that of its present generation."""

        def reached(_: str, each: Any) -> bool:
            seen = each.status.observed_generation == each.metadata.generation
            found = {name: getattr(each.status, name) or 0 for name in status}
            return bool(seen and found == status)

        return until(self.apps.list_namespaced_stateful_set, self.namespace, reached)

    def pods(self) -> dict[str, Any]:
        found = self.core.list_namespaced_pod(self.namespace).items
        return {each.metadata.name: each for each in found}

    def told(self) -> list[str]:
        selector = "involvedObject.kind=StatefulSet"
        found = self.core.list_namespaced_event(self.namespace, field_selector=selector).items
        return [each.message for each in found]


@pytest.fixture
def sets(world: SandboxWorld, namespace: str) -> Sets:
    return Sets(world, namespace)


def test_pods_are_made_in_order_and_know_who_they_are(sets: Sets) -> None:
    sets.make(2)
    made = sets.until(ready_replicas=2, available_replicas=2, updated_replicas=2)
    status = made.status
    assert status.current_revision == status.update_revision
    assert (status.replicas, status.current_replicas) == (2, 2)
    pods = sets.pods()
    assert sorted(pods) == ["web-0", "web-1"]
    one = pods["web-1"]
    assert (one.spec.hostname, one.spec.subdomain) == ("web-1", "web")
    assert one.metadata.labels == LABELS | {
        "apps.kubernetes.io/pod-index": "1",
        "controller-revision-hash": status.update_revision,
        "statefulset.kubernetes.io/pod-name": "web-1",
    }
    assert sets.told() == [
        "create Pod web-0 in StatefulSet web successful",
        "create Pod web-1 in StatefulSet web successful",
    ]


def test_the_next_pod_waits_until_the_one_before_it_is_ready(sets: Sets) -> None:
    sets.make(2, pod=never_ready())
    listing = sets.core.list_namespaced_pod
    until(listing, sets.namespace, lambda _, pod: pod.status.phase == "Running")
    sets.until(replicas=1, ready_replicas=0)
    assert list(sets.pods()) == ["web-0"]


def test_parallel_does_not_wait(sets: Sets) -> None:
    sets.make(3, podManagementPolicy="Parallel", pod=never_ready(), ordinals={"start": 5})
    sets.until(replicas=3, ready_replicas=0)
    assert sorted(sets.pods()) == ["web-5", "web-6", "web-7"]


def test_the_last_pods_go_first(sets: Sets) -> None:
    sets.make(3)
    sets.until(ready_replicas=3)
    sets.change(replicas=1)
    sets.until(replicas=1, ready_replicas=1)
    assert list(sets.pods()) == ["web-0"]
    assert sets.told()[3:] == [
        "delete Pod web-2 in StatefulSet web successful",
        "delete Pod web-1 in StatefulSet web successful",
    ]


def test_a_pod_keeps_its_name_when_it_is_made_anew(sets: Sets) -> None:
    sets.make(1)
    sets.until(ready_replicas=1)
    first = sets.pods()["web-0"].metadata.uid
    sets.core.delete_namespaced_pod("web-0", sets.namespace)
    again = until(
        sets.core.list_namespaced_pod, sets.namespace, lambda _, pod: pod.metadata.uid != first
    )
    assert again.metadata.name == "web-0"


def test_a_new_template_is_rolled_out_from_the_end_down_to_the_partition(sets: Sets) -> None:
    sets.make(2)
    old = sets.until(ready_replicas=2).status.update_revision
    sets.change(updateStrategy={"rollingUpdate": {"partition": 1}})
    sets.annotate_template("two")
    half = sets.until(updated_replicas=1, ready_replicas=2)
    assert half.status.current_revision == old
    names = {n: pod.metadata.labels["controller-revision-hash"] for n, pod in sets.pods().items()}
    assert names == {"web-0": old, "web-1": half.status.update_revision}
    sets.change(updateStrategy={"rollingUpdate": {"partition": 0}})
    whole = sets.until(updated_replicas=2, ready_replicas=2, current_replicas=2)
    assert whole.status.current_revision == half.status.update_revision


def test_a_template_that_was_used_before_is_the_newest_revision_again(sets: Sets) -> None:
    sets.make(1)
    first = sets.until(ready_replicas=1).status.update_revision
    sets.annotate_template("two")
    second = sets.until(updated_replicas=1, ready_replicas=1, current_replicas=1)
    assert second.status.update_revision != first
    template = {"metadata": {"annotations": None}}
    sets.change(template=template)
    third = sets.until(updated_replicas=1, ready_replicas=1, current_replicas=1)
    assert third.status.update_revision == first
    found = sets.apps.list_namespaced_controller_revision(sets.namespace).items
    numbers = {each.metadata.name: each.revision for each in found}
    assert numbers == {second.status.update_revision: 2, first: 3}


def test_old_revisions_are_forgotten(sets: Sets) -> None:
    sets.make(1, revisionHistoryLimit=1)
    sets.until(ready_replicas=1)
    for value in ("two", "three", "four"):
        sets.annotate_template(value)
        sets.until(updated_replicas=1, ready_replicas=1, current_replicas=1)
    listing = sets.apps.list_namespaced_controller_revision
    until_names(listing, sets.namespace, lambda names: len(names) <= 2)
    numbers = sorted(each.revision for each in listing(sets.namespace).items)
    assert numbers == [3, 4]


def test_a_claim_waits_for_storage_and_its_pod_says_so(sets: Sets) -> None:
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources}
    claims = [{"metadata": {"name": "data"}, "spec": spec}]
    sets.make(1, volumeClaimTemplates=claims)
    listing = sets.core.list_namespaced_event
    told = until(listing, sets.namespace, lambda _, each: each.reason == "FailedScheduling")
    assert told.message == (
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    )
    why = until(listing, sets.namespace, lambda _, each: each.reason == "FailedBinding")
    assert why.involved_object.name == "data-web-0"
    assert "no storage class is set" in why.message
    [volume] = [v for v in sets.pods()["web-0"].spec.volumes if v.persistent_volume_claim]
    assert (volume.name, volume.persistent_volume_claim.claim_name) == ("data", "data-web-0")
    sets.apps.delete_namespaced_stateful_set("web", sets.namespace)
    until_none(sets.core.list_namespaced_pod, sets.namespace)
    [left] = sets.core.list_namespaced_persistent_volume_claim(sets.namespace).items
    assert left.metadata.name == "data-web-0"


def test_all_goes_with_the_set(sets: Sets) -> None:
    sets.make(1)
    sets.until(ready_replicas=1)
    sets.apps.delete_namespaced_stateful_set("web", sets.namespace)
    until_none(sets.core.list_namespaced_pod, sets.namespace)
    until_none(sets.apps.list_namespaced_controller_revision, sets.namespace)
