"""Pod -> node: there is one, and it takes what its labels and its state allow.

Source: Kubernetes documentation, "Kubernetes Scheduler".
"""

from __future__ import annotations

from irsa_helpers.sandbox.apiclient import ApiClient, ApiError, Informer, Key, Object, path_of
from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.controllers.events import EventRecorder

NAME = "default-scheduler"
PREEMPTION = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."


class Scheduler:
    """Binds each new Pod to the node; resources are not weighed."""

    def __init__(
        self,
        client: ApiClient,
        clock: Clock,
        pods: Informer,
        nodes: Informer,
        events: EventRecorder,
    ) -> None:
        self._client = client
        self._clock = clock
        self._pods = pods
        self._nodes = nodes
        self._events = events

    async def reconcile(self, key: Key) -> None:
        """The Pod has a node, or an Event says why it has none."""
        pod = self._pods.objects.get(key)
        if pod is None or not _waits(pod):
            return
        if not self._nodes.objects:
            raise ApiError(409, "Conflict", "no node is there yet")
        pod = pod | {"apiVersion": "v1", "kind": "Pod"}
        [node, *_] = self._nodes.objects.values()
        if reason := _obstacle(pod, node):
            await self._refuse(key, pod, reason)
        else:
            await self._bind(key, pod, node["metadata"]["name"])

    async def _bind(self, key: Key, pod: Object, node: str) -> None:
        namespace, name = key
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        body = {"metadata": {"name": name}, "target": target}
        await self._client.create(path_of("v1", "pods", namespace, name, "binding"), body)
        text = f"Successfully assigned {namespace}/{name} to {node}"
        self._events.record(pod, "Normal", "Scheduled", text)

    async def _refuse(self, key: Key, pod: Object, reason: str) -> None:
        text = f"0/1 nodes are available: 1 {reason}. {PREEMPTION}"
        conditions = pod.get("status", {}).get("conditions") or ()
        if any(each.get("message") == text for each in conditions):
            return
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": text,
            "lastProbeTime": None,
            "lastTransitionTime": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        path = path_of("v1", "pods", *key, "status")
        await self._client.patch(path, {"status": {"conditions": [condition]}})
        self._events.record(pod, "Warning", "FailedScheduling", text)


def _waits(pod: Object) -> bool:
    """Whether the Pod is this scheduler's to place."""
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and not pod["metadata"].get("deletionTimestamp")
        and spec.get("schedulerName", NAME) == NAME
    )


def _obstacle(pod: Object, node: Object) -> str:
    """Why the node cannot take the Pod; empty where it can."""
    labels = node["metadata"].get("labels") or {}
    wanted = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return "node(s) didn't match Pod's node affinity/selector"
    return "node(s) were unschedulable" if node.get("spec", {}).get("unschedulable") else ""
