"""The controllers of the sandbox's cluster; they know the API server alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from irsa_sandbox.apiclient import ApiClient, Informer, Object
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.controller import Worker
from irsa_sandbox.controllers.base.kinds import KINDS, Kind
from irsa_sandbox.controllers.upkeep.claims import ClaimController
from irsa_sandbox.controllers.upkeep.garbage import GarbageCollector
from irsa_sandbox.controllers.upkeep.namespaces import NamespaceContents, NamespaceDeletion
from irsa_sandbox.controllers.upkeep.nodes import NodeController
from irsa_sandbox.controllers.upkeep.podgc import PodGarbageCollector
from irsa_sandbox.controllers.upkeep.scheduler import Scheduler
from irsa_sandbox.controllers.upkeep.token_secrets import TokenSecrets
from irsa_sandbox.controllers.workloads.cronjobs import CronJobController
from irsa_sandbox.controllers.workloads.daemonsets import DaemonSetController
from irsa_sandbox.controllers.workloads.deployments import DeploymentController
from irsa_sandbox.controllers.workloads.jobs import JobController
from irsa_sandbox.controllers.workloads.replicasets import ReplicaSetController
from irsa_sandbox.controllers.workloads.statefulsets import StatefulSetController

MANAGER: tuple[type[Worker], ...] = (
    *(TokenSecrets, NamespaceContents, NamespaceDeletion, NodeController, PodGarbageCollector),
    *(ReplicaSetController, DeploymentController, DaemonSetController, StatefulSetController),
    *(JobController, CronJobController, ClaimController, GarbageCollector),
)


class Controllers:
    """Watches every kind, and wakes the controllers that see it."""

    def __init__(
        self,
        client: ApiClient,
        scheduler_client: ApiClient,
        clock: Clock,
        ca_pem: str,
        sign: Callable[[Object], str],
    ) -> None:
        informers = {kind: Informer(client, kind.path(), self._waker(kind)) for kind in KINDS}
        self._cluster = Cluster(client, clock, ca_pem, sign, informers)
        self._clients = (client, scheduler_client)
        self._workers: list[Worker] = [controller(self._cluster) for controller in MANAGER]
        # The scheduler is a component of its own, with rights of its own.
        self._workers.append(Scheduler(replace(self._cluster, client=scheduler_client)))

    def _waker(self, kind: Kind) -> Callable[[Object], None]:
        """What is done when an object of a kind has changed or gone."""

        def wake(body: Object) -> None:
            for worker in self._workers:
                if worker.sees(kind):
                    for key in worker.woken_by(kind, body):
                        worker.queue.add(key)

        return wake

    async def start(self) -> None:
        """Watch and work."""
        for worker in self._workers:
            worker.queue.start()
        for informer in self._cluster.informers.values():
            await informer.start()

    async def stop(self) -> None:
        """Stop both, and close the connections."""
        for worker in self._workers:
            await worker.queue.stop()
        for informer in self._cluster.informers.values():
            await informer.stop()
        for worker in self._workers:
            await worker.events.stop()
        for client in self._clients:
            await client.close()
