"""ReplicaSet -> Pods: as many as `spec.replicas` says. Source: Kubernetes, "ReplicaSet"."""

from __future__ import annotations

from collections.abc import Callable

from irsa_sandbox.apiclient import ApiError, Object, key_of
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import PODS, REPLICA_SETS
from irsa_sandbox.controllers.base.owners import (
    available_in,
    claim,
    controlled_by,
    is_active,
    is_ended,
    is_ready,
    soonest,
)
from irsa_sandbox.controllers.base.pods import create_pod, delete_pod, pod_from


class ReplicaSetController(Controller):
    """Makes and deletes Pods, and keeps the ReplicaSet's status."""

    name, component = "replicasets", "replicaset-controller"
    kind, owns = REPLICA_SETS, (PODS,)

    async def sync(self, owner: Object) -> None:
        """The number of active Pods is the wanted one, or an Event says why it cannot be."""
        claimed = await claim(self.cluster, PODS, owner)
        pods = [pod for pod in claimed if is_active(pod)]
        wanted = owner["spec"]["replicas"]
        failure: ApiError | None = None
        if len(pods) < wanted:
            failure = await self._make(owner, wanted - len(pods))
        elif len(pods) > wanted:
            # The unready go first, and of two alike the younger.
            pods.sort(key=_made, reverse=True)
            pods.sort(key=is_ready)
            for pod in pods[: len(pods) - wanted]:
                await delete_pod(self, owner, pod)
        await self._report(owner, failure)
        if failure:
            raise failure

    async def _make(self, owner: Object, count: int) -> ApiError | None:
        prefix = f"{owner['metadata']['name']}-"
        for _ in range(count):
            pod = pod_from(owner["spec"]["template"], owner, generateName=prefix)
            if failure := await create_pod(self, owner, pod):
                return failure
        return None

    @staticmethod
    def _is_ending(owner: Object) -> Callable[[Object], bool]:
        """A test of Pods: the owner's own, deleted and not gone yet."""

        def test(pod: Object) -> bool:
            deleted = bool(pod["metadata"].get("deletionTimestamp"))
            return deleted and not is_ended(pod) and controlled_by(pod, owner)

        return test

    async def _report(self, owner: Object, failure: ApiError | None) -> None:
        all_pods = self.cluster[PODS].objects.values()
        pods = [pod for pod in all_pods if controlled_by(pod, owner) and is_active(pod)]
        least = owner["spec"].get("minReadySeconds", 0)
        now = self.clock_of(owner).time()
        waits = [available_in(pod, least, now) for pod in pods]
        if soon := soonest(waits):
            self.later(key_of(owner), soon)
        status: Object = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": sum(map(is_ready, pods)),
            "availableReplicas": waits.count(0),
            "terminatingReplicas": sum(map(self._is_ending(owner), all_pods)),
            "observedGeneration": owner["metadata"].get("generation", 1),
            "conditions": [],
        }
        if failure:
            # A condition that is there stays: a new message would wake this controller at once.
            known = (owner.get("status") or {}).get("conditions") or ()
            status["conditions"] = [
                condition for condition in known if condition["type"] == "ReplicaFailure"
            ] or [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "reason": "FailedCreate",
                    "message": failure.message,
                }
            ]
        await self.report(owner, status)


def _made(pod: Object) -> str:
    return str(pod["metadata"]["creationTimestamp"])
