"""The controllers of the sandbox's cluster; they know the API server alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from irsa_sandbox.apiclient import ApiClient, Informer, Object
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.claims import ClaimController
from irsa_sandbox.controllers.cluster import Cluster
from irsa_sandbox.controllers.controller import Worker
from irsa_sandbox.controllers.cronjobs import CronJobController
from irsa_sandbox.controllers.daemonsets import DaemonSetController
from irsa_sandbox.controllers.deployments import DeploymentController
from irsa_sandbox.controllers.garbage import GarbageCollector
from irsa_sandbox.controllers.jobs import JobController
from irsa_sandbox.controllers.kinds import KINDS, Kind
from irsa_sandbox.controllers.namespaces import NamespaceContents, NamespaceDeletion
from irsa_sandbox.controllers.nodes import NodeController
from irsa_sandbox.controllers.podgc import PodGarbageCollector
from irsa_sandbox.controllers.replicasets import ReplicaSetController
from irsa_sandbox.controllers.scheduler import Scheduler
from irsa_sandbox.controllers.statefulsets import StatefulSetController
from irsa_sandbox.controllers.token_secrets import TokenSecrets

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
