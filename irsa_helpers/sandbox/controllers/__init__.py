"""The controllers of the sandbox's cluster; they know the API server alone."""

from __future__ import annotations

from collections.abc import Callable

from irsa_helpers.sandbox.apiclient import ApiClient, Informer, Key, Object, key_of, path_of
from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.controllers.cluster import (
    GarbageCollector,
    NamespaceController,
    Scheduler,
)
from irsa_helpers.sandbox.controllers.deployments import DeploymentController
from irsa_helpers.sandbox.controllers.events import EventRecorder
from irsa_helpers.sandbox.controllers.loop import WorkQueue
from irsa_helpers.sandbox.controllers.owners import controller_of
from irsa_helpers.sandbox.controllers.replicasets import ReplicaSetController

WATCHED = (
    ("v1", "namespaces"),
    ("v1", "nodes"),
    ("v1", "pods"),
    ("apps/v1", "replicasets"),
    ("apps/v1", "deployments"),
)


class Controllers:
    """Starts an informer for each watched collection and a queue for each controller."""

    def __init__(self, client: ApiClient, clock: Clock, ca_pem: str) -> None:
        self._client = client
        self._informers = {
            place: Informer(client, path_of(*place), self._on_change(place)) for place in WATCHED
        }
        namespaces, nodes, pods, replica_sets, deployments = self._informers.values()
        replica_set = ReplicaSetController(
            client, replica_sets, pods, EventRecorder(client, clock, "replicaset-controller")
        )
        deployment = DeploymentController(
            client,
            clock,
            deployments,
            replica_sets,
            EventRecorder(client, clock, "deployment-controller"),
        )
        scheduler = Scheduler(
            client, pods, nodes, EventRecorder(client, clock, "default-scheduler")
        )
        owned = {place: self._informers[place] for place in WATCHED[2:]}
        self._queues = {
            "namespaces": WorkQueue(
                "namespaces", NamespaceController(client, namespaces, ca_pem).reconcile
            ),
            "pods": WorkQueue("scheduler", scheduler.reconcile),
            "replicasets": WorkQueue("replicasets", replica_set.reconcile),
            "deployments": WorkQueue("deployments", deployment.reconcile),
            "owners": WorkQueue("garbage", GarbageCollector(client, owned).reconcile),
        }

    def _on_change(self, place: tuple[str, str]) -> Callable[[Object], None]:
        plural = place[1]

        def changed(body: Object) -> None:
            if plural in self._queues:
                self._queues[plural].add(key_of(body))
            if plural == "nodes":
                for key in self._informers["v1", "pods"].objects:
                    self._queues["pods"].add(key)
            self._wake_owner(body)

        return changed

    def _wake_owner(self, body: Object) -> None:
        """The controller of an object sees that it changed; the collector, that it went."""
        owner = controller_of(body)
        if owner and owner["kind"] in {"ReplicaSet", "Deployment"}:
            plural = owner["kind"].lower() + "s"
            key: Key = (body["metadata"]["namespace"], owner["name"])
            self._queues[plural].add(key)
        self._queues["owners"].add(("", body["metadata"]["uid"]))
        for reference in body["metadata"].get("ownerReferences") or ():
            self._queues["owners"].add(("", reference["uid"]))

    async def start(self) -> None:
        """Watch and work."""
        for queue in self._queues.values():
            queue.start()
        for informer in self._informers.values():
            await informer.start()

    async def stop(self) -> None:
        """Stop both, and close the connections."""
        for queue in self._queues.values():
            await queue.stop()
        for informer in self._informers.values():
            await informer.stop()
        await self._client.close()
