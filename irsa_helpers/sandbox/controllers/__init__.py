"""The controllers of the sandbox's cluster; they know the API server alone."""

from __future__ import annotations

from collections.abc import Callable

from irsa_helpers.sandbox.apiclient import ApiClient, Informer, Key, Object, key_of, path_of
from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.controllers.deployments import DeploymentController
from irsa_helpers.sandbox.controllers.events import EventRecorder
from irsa_helpers.sandbox.controllers.garbage import GarbageCollector
from irsa_helpers.sandbox.controllers.jobs import JobController
from irsa_helpers.sandbox.controllers.loop import WorkQueue
from irsa_helpers.sandbox.controllers.namespaces import NamespaceController, belongs_to_all
from irsa_helpers.sandbox.controllers.owners import controller_of
from irsa_helpers.sandbox.controllers.replicasets import ReplicaSetController
from irsa_helpers.sandbox.controllers.scheduler import Scheduler

WATCHED = {
    "namespaces": "v1",
    "nodes": "v1",
    "serviceaccounts": "v1",
    "configmaps": "v1",
    "pods": "v1",
    "replicasets": "apps/v1",
    "deployments": "apps/v1",
    "jobs": "batch/v1",
}
OWNED = ("serviceaccounts", "configmaps", "pods", "replicasets", "deployments", "jobs")
CONTROLLED_BY = {"ReplicaSet": "replicasets", "Deployment": "deployments", "Job": "jobs"}


class Controllers:
    """Starts an informer for each watched collection and a queue for each controller."""

    def __init__(self, client: ApiClient, clock: Clock, ca_pem: str) -> None:
        self._client = client
        self._clock = clock
        self._recorders: list[EventRecorder] = []
        self._informers = {
            plural: Informer(client, path_of(version, plural), self._on_change(plural))
            for plural, version in WATCHED.items()
        }
        self._queues = {
            "namespaces": WorkQueue("namespaces", self._namespaces(ca_pem).reconcile),
            "pods": WorkQueue("scheduler", self._scheduler().reconcile),
            "replicasets": WorkQueue("replicasets", self._replica_sets().reconcile),
            "deployments": WorkQueue("deployments", self._deployments().reconcile),
            "jobs": WorkQueue("jobs", self._jobs().reconcile),
            "owners": WorkQueue("garbage", self._garbage().reconcile),
        }

    def _recorder(self, component: str) -> EventRecorder:
        self._recorders.append(EventRecorder(self._client, self._clock, component))
        return self._recorders[-1]

    def _later(self, queue: str) -> Callable[[Key, float], None]:
        """How a controller asks for a key to come again after some of the sandbox's seconds."""
        return lambda key, seconds: self._queues[queue].add_later(key, self._clock, seconds)

    def _namespaces(self, ca_pem: str) -> NamespaceController:
        found = self._informers
        return NamespaceController(
            self._client,
            found["namespaces"],
            found["serviceaccounts"],
            found["configmaps"],
            ca_pem,
        )

    def _scheduler(self) -> Scheduler:
        pods, nodes = self._informers["pods"], self._informers["nodes"]
        return Scheduler(
            self._client, self._clock, pods, nodes, self._recorder("default-scheduler")
        )

    def _replica_sets(self) -> ReplicaSetController:
        replica_sets, pods = self._informers["replicasets"], self._informers["pods"]
        return ReplicaSetController(
            self._client, replica_sets, pods, self._recorder("replicaset-controller")
        )

    def _deployments(self) -> DeploymentController:
        return DeploymentController(
            self._client,
            self._clock,
            self._informers["deployments"],
            self._informers["replicasets"],
            self._recorder("deployment-controller"),
            self._later("deployments"),
        )

    def _jobs(self) -> JobController:
        return JobController(
            self._client,
            self._clock,
            self._informers["jobs"],
            self._informers["pods"],
            self._recorder("job-controller"),
            self._later("jobs"),
        )

    def _garbage(self) -> GarbageCollector:
        owned = {(WATCHED[plural], plural): self._informers[plural] for plural in OWNED}
        return GarbageCollector(self._client, owned)

    def _on_change(self, plural: str) -> Callable[[Object], None]:
        def changed(body: Object) -> None:
            if plural in self._queues:
                self._queues[plural].add(key_of(body))
            if plural == "nodes":
                for key in self._informers["pods"].objects:
                    self._queues["pods"].add(key)
            if belongs_to_all(plural, body):
                self._queues["namespaces"].add(("", body["metadata"]["namespace"]))
            self._wake_owner(body)

        return changed

    def _wake_owner(self, body: Object) -> None:
        """The controller of an object sees that it changed; the collector, that it went."""
        metadata = body["metadata"]
        owner = controller_of(body)
        if owner and owner["kind"] in CONTROLLED_BY:
            self._queues[CONTROLLED_BY[owner["kind"]]].add((metadata["namespace"], owner["name"]))
        self._queues["owners"].add(("", metadata["uid"]))
        for reference in metadata.get("ownerReferences") or ():
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
        for recorder in self._recorders:
            await recorder.stop()
        await self._client.close()
