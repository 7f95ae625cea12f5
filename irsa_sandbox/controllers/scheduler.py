"""Pod -> node: the first one that takes it.

Source: Kubernetes documentation, "Kubernetes Scheduler", "Pod Scheduling Readiness".
"""

from __future__ import annotations

from collections import Counter

from irsa_sandbox.apiclient import ApiClient, ApiError, Informer, Key, Object, path_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.claims import claim_obstacle
from irsa_sandbox.controllers.events import EventRecorder
from irsa_sandbox.controllers.predicates import obstacles

NAME = "default-scheduler"
AVAILABLE = "nodes are available: "
GATED = "Scheduling is blocked due to non-empty scheduling gates"


class Scheduler:
    """Binds each new Pod to a node that can take it."""

    def __init__(
        self,
        client: ApiClient,
        clock: Clock,
        pods: Informer,
        nodes: Informer,
        claims: Informer,
        events: EventRecorder,
    ) -> None:
        self._client = client
        self._clock = clock
        self._pods = pods
        self._nodes = nodes
        self._claims = claims
        self._events = events

    async def reconcile(self, key: Key) -> None:
        """The Pod has a node, or an Event says why it has none."""
        pod = self._pods.objects.get(key)
        if pod is None or not waits(pod):
            return
        pod = pod | {"apiVersion": "v1", "kind": "Pod"}
        if pod["spec"].get("schedulingGates"):
            await self._hold(key, pod, "SchedulingGated", GATED)
            return
        if not self._nodes.objects:
            raise ApiError(409, "Conflict", "no node is there yet")
        if why := claim_obstacle(pod, self._claims.objects):
            await self._refuse(
                key, pod, f"0/{len(self._nodes.objects)} {AVAILABLE}{why}. not found"
            )
            return
        others = list(self._pods.objects.values())
        reasons: Counter[str] = Counter()
        for node in self._nodes.objects.values():
            found = obstacles(pod, node, others)
            if not found:
                await self._bind(key, pod, node["metadata"]["name"])
                return
            reasons.update(found)
        await self._refuse(key, pod, unschedulable(reasons, len(self._nodes.objects)))

    async def _refuse(self, key: Key, pod: Object, text: str) -> None:
        if await self._hold(key, pod, "Unschedulable", text):
            self._events.record(pod, "Warning", "FailedScheduling", text)

    async def _bind(self, key: Key, pod: Object, node: str) -> None:
        namespace, name = key
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        body = {"metadata": {"name": name}, "target": target}
        await self._client.create(path_of("v1", "pods", namespace, name, "binding"), body)
        # Count it at once: the watch may bring it only after the next Pod was placed.
        self._pods.objects[key] = pod | {"spec": pod["spec"] | {"nodeName": node}}
        text = f"Successfully assigned {namespace}/{name} to {node}"
        self._events.record(pod, "Normal", "Scheduled", text)

    async def _hold(self, key: Key, pod: Object, reason: str, text: str) -> bool:
        """The Pod's condition says why it waits; whether it did not say so before."""
        conditions = pod.get("status", {}).get("conditions") or ()
        if any(each.get("message") == text for each in conditions):
            return False
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": reason,
            "message": text,
            "lastProbeTime": None,
            "lastTransitionTime": self._clock.of(key[0]).now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        path = path_of("v1", "pods", *key, "status")
        await self._client.patch(path, {"status": {"conditions": [condition]}})
        return True


def waits(pod: Object) -> bool:
    """Whether the Pod is this scheduler's to place."""
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and not pod["metadata"].get("deletionTimestamp")
        and spec.get("schedulerName", NAME) == NAME
    )


def unschedulable(reasons: Counter[str], nodes: int) -> str:
    """The scheduler's sentence. Source: pkg/scheduler/framework, FitError."""
    by_room = any(each.startswith(("Insufficient", "Too many")) for each in reasons)
    helped = "No preemption victims found for incoming pod"
    why = helped if by_room else "Preemption is not helpful for scheduling"
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    start = f"0/{nodes} {AVAILABLE}"
    return f"{start}{listed}. preemption: {start}{nodes} {why}."
