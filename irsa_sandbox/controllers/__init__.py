"""The controllers of the sandbox's cluster; they know the API server alone."""

from __future__ import annotations

from collections.abc import Callable

from irsa_sandbox.apiclient import ApiClient, Informer, Key, Object, key_of, path_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.claims import ClaimController
from irsa_sandbox.controllers.cronjobs import CronJobController
from irsa_sandbox.controllers.daemonsets import DaemonSetController
from irsa_sandbox.controllers.deployments import DeploymentController
from irsa_sandbox.controllers.events import EventRecorder
from irsa_sandbox.controllers.garbage import GarbageCollector
from irsa_sandbox.controllers.jobs import JobController
from irsa_sandbox.controllers.loop import WorkQueue
from irsa_sandbox.controllers.namespaces import (
    NamespaceContents,
    NamespaceDeletion,
    belongs_to_all,
)
from irsa_sandbox.controllers.nodes import NodeController
from irsa_sandbox.controllers.owners import controller_of, is_ended
from irsa_sandbox.controllers.podgc import PodGarbageCollector
from irsa_sandbox.controllers.replicasets import ReplicaSetController
from irsa_sandbox.controllers.revisions import Revisions
from irsa_sandbox.controllers.scheduler import Scheduler
from irsa_sandbox.controllers.statefulsets import StatefulSetController
from irsa_sandbox.controllers.token_secrets import TokenSecrets

WATCHED = {
    "namespaces": "v1",
    "nodes": "v1",
    "serviceaccounts": "v1",
    "configmaps": "v1",
    "secrets": "v1",
    "pods": "v1",
    "replicasets": "apps/v1",
    "deployments": "apps/v1",
    "daemonsets": "apps/v1",
    "statefulsets": "apps/v1",
    "controllerrevisions": "apps/v1",
    "jobs": "batch/v1",
    "cronjobs": "batch/v1",
    "persistentvolumeclaims": "v1",
}
# For queues whose keys fail while they only wait for others.
WAITING_SECONDS = 2.0
OWNED = (
    *("serviceaccounts", "configmaps", "pods", "replicasets", "deployments", "daemonsets"),
    *("statefulsets", "controllerrevisions", "jobs", "cronjobs", "persistentvolumeclaims"),
)
CONTROLLED_BY = {
    "ReplicaSet": "replicasets",
    "Deployment": "deployments",
    "DaemonSet": "daemonsets",
    "StatefulSet": "statefulsets",
    "Job": "jobs",
    "CronJob": "cronjobs",
}


class Controllers:
    """Starts an informer for each watched collection and a queue for each controller."""

    def __init__(
        self,
        client: ApiClient,
        scheduler_client: ApiClient,
        clock: Clock,
        ca_pem: str,
        sign: Callable[[Object], str],
    ) -> None:
        self._client = client
        self._scheduler_client = scheduler_client
        self._clock = clock
        self._recorders: list[EventRecorder] = []
        self._informers = {
            plural: Informer(client, path_of(version, plural), self._on_change(plural))
            for plural, version in WATCHED.items()
        }
        self._pod_collector = PodGarbageCollector(
            client, clock, self._informers["pods"], self._informers["nodes"], self._later("podgc")
        )
        self._token_secrets = TokenSecrets(client, self._informers["secrets"], ca_pem, sign)
        self._queues = {
            "secrets": WorkQueue("token secrets", self._token_secrets.reconcile),
            "namespaces": WorkQueue("namespaces", self._namespaces(ca_pem).reconcile),
            "deletion": WorkQueue("deletion", self._deletion().reconcile, WAITING_SECONDS),
            "pods": WorkQueue("scheduler", self._scheduler().reconcile, WAITING_SECONDS),
            "nodes": WorkQueue("nodes", NodeController(client, self._informers["nodes"]).reconcile),
            "podgc": WorkQueue("podgc", self._pod_collector.reconcile),
            "replicasets": WorkQueue("replicasets", self._replica_sets().reconcile),
            "deployments": WorkQueue("deployments", self._deployments().reconcile),
            "daemonsets": WorkQueue("daemonsets", self._daemon_sets().reconcile),
            "statefulsets": WorkQueue("statefulsets", self._stateful_sets().reconcile),
            "jobs": WorkQueue("jobs", self._jobs().reconcile),
            "cronjobs": WorkQueue("cronjobs", self._cron_jobs().reconcile),
            "persistentvolumeclaims": WorkQueue("claims", self._claims().reconcile),
            "owners": WorkQueue("garbage", self._garbage().reconcile),
        }

    def _recorder(self, component: str, client: ApiClient | None = None) -> EventRecorder:
        self._recorders.append(EventRecorder(client or self._client, self._clock, component))
        return self._recorders[-1]

    def _later(self, queue: str) -> Callable[[Key, float], None]:
        """How a controller asks for a key to come again after some of the sandbox's seconds."""
        return lambda key, seconds: self._queues[queue].add_later(key, self._clock, seconds)

    def _deletion(self) -> NamespaceDeletion:
        return NamespaceDeletion(self._client, self._informers["namespaces"])

    def _namespaces(self, ca_pem: str) -> NamespaceContents:
        found = self._informers
        return NamespaceContents(
            self._client,
            found["namespaces"],
            found["serviceaccounts"],
            found["configmaps"],
            ca_pem,
        )

    def _scheduler(self) -> Scheduler:
        pods, nodes = self._informers["pods"], self._informers["nodes"]
        claims = self._informers["persistentvolumeclaims"]
        recorder = self._recorder("default-scheduler", self._scheduler_client)
        return Scheduler(self._scheduler_client, self._clock, pods, nodes, claims, recorder)

    def _replica_sets(self) -> ReplicaSetController:
        replica_sets, pods = self._informers["replicasets"], self._informers["pods"]
        return ReplicaSetController(
            self._client,
            self._clock,
            replica_sets,
            pods,
            self._recorder("replicaset-controller"),
            self._later("replicasets"),
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

    def _daemon_sets(self) -> DaemonSetController:
        found = self._informers
        return DaemonSetController(
            self._client,
            self._clock,
            found["daemonsets"],
            Revisions(self._client, found["controllerrevisions"], "controller-revision-hash"),
            found["pods"],
            found["nodes"],
            self._recorder("daemonset-controller"),
            self._later("daemonsets"),
        )

    def _stateful_sets(self) -> StatefulSetController:
        found = self._informers
        return StatefulSetController(
            self._client,
            self._clock,
            found["statefulsets"],
            Revisions(self._client, found["controllerrevisions"], "controller.kubernetes.io/hash"),
            found["pods"],
            found["persistentvolumeclaims"],
            self._recorder("statefulset-controller"),
            self._later("statefulsets"),
        )

    def _cron_jobs(self) -> CronJobController:
        return CronJobController(
            self._client,
            self._clock,
            self._informers["cronjobs"],
            self._informers["jobs"],
            self._recorder("cronjob-controller"),
            self._later("cronjobs"),
        )

    def _claims(self) -> ClaimController:
        claims = self._informers["persistentvolumeclaims"]
        return ClaimController(claims, self._recorder("persistentvolume-controller"))

    def _garbage(self) -> GarbageCollector:
        owned = {(WATCHED[plural], plural): self._informers[plural] for plural in OWNED}
        return GarbageCollector(self._client, owned)

    def _on_change(self, plural: str) -> Callable[[Object], None]:
        def changed(body: Object) -> None:
            if plural in self._queues:
                self._queues[plural].add(key_of(body))
            if plural == "namespaces" and body["metadata"].get("deletionTimestamp"):
                self._queues["deletion"].add(key_of(body))
            if plural == "serviceaccounts":
                for key in self._token_secrets.of_account(body):
                    self._queues["secrets"].add(key)
            self._wake_scheduler(plural, body)
            if plural == "nodes":
                for key in self._informers["daemonsets"].objects:
                    self._queues["daemonsets"].add(key)
            if belongs_to_all(plural, body):
                self._queues["namespaces"].add(("", body["metadata"]["namespace"]))
            self._wake_owner(body)

        return changed

    def _wake_scheduler(self, plural: str, body: Object) -> None:
        """Pods that wait are looked at again when a node changes or a Pod leaves room."""
        pods = self._informers["pods"].objects
        if plural == "pods" and self._pod_collector.is_orphan(body):
            self._queues["podgc"].add(key_of(body))
        gone = plural == "pods" and (key_of(body) not in pods or is_ended(body))
        if plural in {"nodes", "persistentvolumeclaims"} or gone:
            for key, pod in pods.items():
                if not pod["spec"].get("nodeName"):
                    self._queues["pods"].add(key)
                elif plural == "nodes" and self._pod_collector.is_orphan(pod):
                    self._queues["podgc"].add(key)

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
        await self._scheduler_client.close()
