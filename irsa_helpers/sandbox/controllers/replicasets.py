"""ReplicaSet -> Pods: as many as `spec.replicas` says. Source: Kubernetes, "ReplicaSet"."""

from __future__ import annotations

import copy

from irsa_helpers.sandbox.apiclient import (
    ApiClient,
    ApiError,
    Informer,
    Key,
    Object,
    key_of,
    path_of,
)
from irsa_helpers.sandbox.controllers.events import EventRecorder
from irsa_helpers.sandbox.controllers.owners import (
    controlled_by,
    is_active,
    is_ready,
    owner_reference,
)


class ReplicaSetController:
    """Makes and deletes Pods, and keeps the ReplicaSet's status."""

    def __init__(
        self, client: ApiClient, replica_sets: Informer, pods: Informer, events: EventRecorder
    ) -> None:
        self._client = client
        self._replica_sets = replica_sets
        self._pods = pods
        self._events = events

    async def reconcile(self, key: Key) -> None:
        """The number of active Pods is the wanted one, or an Event says why it cannot be."""
        owner = self._replica_sets.objects.get(key)
        if owner is None or owner["metadata"].get("deletionTimestamp"):
            return
        owner = owner | {"apiVersion": "apps/v1", "kind": "ReplicaSet"}
        pods = [p for p in self._pods.objects.values() if controlled_by(p, owner) and is_active(p)]
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
        namespace = owner["metadata"]["namespace"]
        template = owner["spec"]["template"]
        for _ in range(count):
            pod = {
                "metadata": copy.deepcopy(template.get("metadata") or {})
                | {
                    "generateName": f"{owner['metadata']['name']}-",
                    "namespace": namespace,
                    "ownerReferences": [owner_reference(owner)],
                },
                "spec": copy.deepcopy(template["spec"]),
            }
            try:
                made = await self._client.create(path_of("v1", "pods", namespace), pod)
            except ApiError as error:
                text = f"Error creating: {error.message}"
                self._events.record(owner, "Warning", "FailedCreate", text)
                return error
            # Count it at once: the watch may bring it only after the next reconciliation.
            self._pods.note(made)
            text = f"Created pod: {made['metadata']['name']}"
            self._events.record(owner, "Normal", "SuccessfulCreate", text)
        return None

    async def _delete(self, owner: Object, pod: Object) -> None:
        namespace, name = key_of(pod)
        await self._client.delete(path_of("v1", "pods", namespace, name))
        text = f"Deleted pod: {name}"
        self._events.record(owner, "Normal", "SuccessfulDelete", text)

    async def _report(self, owner: Object, failure: ApiError | None) -> None:
        pods = [p for p in self._pods.objects.values() if controlled_by(p, owner) and is_active(p)]
        ready = sum(map(is_ready, pods))
        status: Object = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": owner["metadata"].get("generation", 1),
            "conditions": [],
        }
        if failure:
            status["conditions"] = [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "reason": "FailedCreate",
                    "message": failure.message,
                }
            ]
        if status != owner.get("status"):
            namespace, name = key_of(owner)
            path = path_of("apps/v1", "replicasets", namespace, name, "status")
            self._replica_sets.note(await self._client.patch(path, {"status": status}))


def _made(pod: Object) -> str:
    return str(pod["metadata"]["creationTimestamp"])
