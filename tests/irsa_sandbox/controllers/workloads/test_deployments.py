"""Deployments: which of their ReplicaSets stay, seen through the API of a running sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import apps_v1
from tests.watching import until, until_names

LABELS = {"app": "web"}
REVISION = "deployment.kubernetes.io/revision"


class Deployment:
    """The Deployment `web` of a namespace, and its ReplicaSets."""

    def __init__(self, world: SandboxWorld, namespace: str) -> None:
        self.apps, self.namespace = apps_v1(world), namespace

    def make(self, replicas: int, history: int) -> None:
        pod = {"containers": [{"name": "c", "image": "pause"}], "terminationGracePeriodSeconds": 0}
        template = {"metadata": {"labels": LABELS}, "spec": pod}
        spec = {"selector": {"matchLabels": LABELS}, "template": template, "replicas": replicas}
        body = {"metadata": {"name": "web"}, "spec": spec | {"revisionHistoryLimit": history}}
        self.apps.create_namespaced_deployment(self.namespace, body)
        self.settle(self.apps.read_namespaced_deployment("web", self.namespace))

    def change(self, **spec: Any) -> None:
        self.settle(self.apps.patch_namespaced_deployment("web", self.namespace, {"spec": spec}))

    def annotate_template(self, *values: str) -> None:
        for value in values:
            self.change(template={"metadata": {"annotations": {"version": value}}})

    def settle(self, changed: Any) -> None:
        """Return when the controller has seen that change."""
        listing, wanted = self.apps.list_namespaced_deployment, changed.metadata.generation
        until(listing, self.namespace, lambda _, e: e.status.observed_generation == wanted)

    def until_sets(self, count: int) -> None:
        listing = self.apps.list_namespaced_replica_set
        until_names(listing, self.namespace, lambda names: len(names) == count)

    def revisions(self) -> list[int]:
        found = self.apps.list_namespaced_replica_set(self.namespace).items
        return sorted(int(each.metadata.annotations[REVISION]) for each in found)


def is_empty(replica_set: Any) -> bool:
    return not replica_set.spec.replicas and not replica_set.status.replicas


def is_complete(status: Any) -> bool:
    counts = (status.replicas, status.updated_replicas, status.available_replicas)
    return counts == (1, 1, 1)


@pytest.fixture
def deployment(world: SandboxWorld, namespace: str) -> Deployment:
    return Deployment(world, namespace)


def test_of_the_old_replica_sets_the_newest_are_kept(deployment: Deployment) -> None:
    deployment.make(replicas=0, history=4)
    deployment.annotate_template("two", "three", "four")
    assert deployment.revisions() == [1, 2, 3, 4], "fewer than may stay"
    deployment.change(revisionHistoryLimit=2)
    deployment.until_sets(3)
    assert deployment.revisions() == [2, 3, 4]
    deployment.annotate_template("five")
    deployment.until_sets(3)
    assert deployment.revisions() == [3, 4, 5]


def test_a_replica_set_that_is_used_again_is_not_old(deployment: Deployment) -> None:
    deployment.make(replicas=0, history=1)
    deployment.annotate_template("two")
    deployment.change(template={"metadata": {"annotations": None}})
    deployment.annotate_template("four")
    deployment.until_sets(2)
    assert deployment.revisions() == [3, 4], "the first is the third"


def test_a_rollout_that_is_not_complete_forgets_nothing(deployment: Deployment) -> None:
    deployment.make(replicas=1, history=0)
    listing, namespace = deployment.apps.list_namespaced_deployment, deployment.namespace
    until(listing, namespace, lambda _, each: each.status.available_replicas == 1)
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    container = {"name": "c", "readinessProbe": never}
    deployment.change(template={"spec": {"containers": [container]}})
    until(listing, namespace, lambda _, each: each.status.unavailable_replicas == 1)
    deployment.annotate_template("three")
    sets = deployment.apps.list_namespaced_replica_set
    until(sets, namespace, lambda _, e: is_empty(e) and e.metadata.annotations[REVISION] == "2")
    deployment.change(minReadySeconds=1)  # to look once more
    assert deployment.revisions() == [1, 2, 3], "the first has the Pod that works"
    ready = {"name": "c", "readinessProbe": None}
    deployment.change(template={"spec": {"containers": [ready]}})
    deployment.until_sets(1)
    assert deployment.revisions() == [4]


def test_while_it_is_paused_it_forgets_what_has_no_pods(deployment: Deployment) -> None:
    deployment.make(replicas=1, history=5)
    deployment.annotate_template("two")
    listing, namespace = deployment.apps.list_namespaced_deployment, deployment.namespace
    until(listing, namespace, lambda _, each: is_complete(each.status))
    deployment.change(paused=True)
    deployment.annotate_template("three")
    deployment.change(revisionHistoryLimit=0)
    deployment.until_sets(1)
    deployment.change(minReadySeconds=1)  # to look once more
    assert deployment.revisions() == [2], "the third waits, the second has the Pod"
