"""ReplicaSet -> Pods: as many as `spec.replicas` says. Source: Kubernetes, "ReplicaSet"."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from irsa_sandbox.apiclient import (
    ApiClient,
    ApiError,
    Informer,
    Key,
    Object,
    key_of,
    path_of,
)
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.events import EventRecorder
from irsa_sandbox.controllers.owners import (
    available_in,
    claim,
    controlled_by,
    is_active,
    is_ended,
    is_ready,
    living,
    same_status,
)
from irsa_sandbox.controllers.pods import create_pod, pod_from


@dataclass(eq=False)
class ReplicaSetController:
    """Makes and deletes Pods, and keeps the ReplicaSet's status."""

    client: ApiClient
    clock: Clock
    replica_sets: Informer
    pods: Informer
    events: EventRecorder
    later: Callable[[Key, float], None]

    async def reconcile(self, key: Key) -> None:
        """The number of active Pods is the wanted one, or an Event says why it cannot be."""
        owner = living(self.replica_sets, key, "apps/v1", "ReplicaSet")
        if owner is None:
            return
        claimed = await claim(self.client, self.pods, "pods", owner)
        pods = [each for each in claimed if is_active(each)]
        wanted = owner["spec"]["replicas"]
        failure: ApiError | None = None
        if len(pods) < wanted:
            failure = await self._make(owner, wanted - len(pods))
        elif len(pods) > wanted:
            # The unready go first, and of two alike the younger.
            pods.sort(key=_made, reverse=True)
            pods.sort(key=is_ready)
            for pod in pods[: len(pods) - wanted]:
                await self._delete(owner, pod)
        await self._report(owner, failure)
        if failure:
            raise failure

    async def _make(self, owner: Object, count: int) -> ApiError | None:
        prefix = f"{owner['metadata']['name']}-"
        for _ in range(count):
            pod = pod_from(owner["spec"]["template"], owner, generateName=prefix)
            if failure := await create_pod(self.client, self.pods, self.events, owner, pod):
                return failure
        return None

    async def _delete(self, owner: Object, pod: Object) -> None:
        namespace, name = key_of(pod)
        await self.client.delete(path_of("v1", "pods", namespace, name))
        text = f"Deleted pod: {name}"
        self.events.record(owner, "Normal", "SuccessfulDelete", text)

    @staticmethod
    def _is_ending(owner: Object) -> Callable[[Object], bool]:
        """A test of Pods: the owner's own, deleted and not gone yet."""

        def test(pod: Object) -> bool:
            deleted = bool(pod["metadata"].get("deletionTimestamp"))
            return deleted and not is_ended(pod) and controlled_by(pod, owner)

        return test

    async def _report(self, owner: Object, failure: ApiError | None) -> None:
        pods = [p for p in self.pods.objects.values() if controlled_by(p, owner) and is_active(p)]
        least = owner["spec"].get("minReadySeconds", 0)
        now = self.clock.of(owner["metadata"]["namespace"]).time()
        waits = [available_in(each, least, now) for each in pods]
        if soon := [each for each in waits if 0 < each < math.inf]:
            self.later(key_of(owner), min(soon))
        status: Object = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": sum(map(is_ready, pods)),
            "availableReplicas": waits.count(0),
            "terminatingReplicas": sum(map(self._is_ending(owner), self.pods.objects.values())),
            "observedGeneration": owner["metadata"].get("generation", 1),
            "conditions": [],
        }
        if failure:
            # One that stands already stays: a new message would wake the controller at once.
            known = (owner.get("status") or {}).get("conditions") or ()
            status["conditions"] = [each for each in known if each["type"] == "ReplicaFailure"] or [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "reason": "FailedCreate",
                    "message": failure.message,
                }
            ]
        if not same_status(status, owner.get("status")):
            namespace, name = key_of(owner)
            path = path_of("apps/v1", "replicasets", namespace, name, "status")
            self.replica_sets.note(await self.client.patch(path, {"status": status}))


def _made(pod: Object) -> str:
    return str(pod["metadata"]["creationTimestamp"])
