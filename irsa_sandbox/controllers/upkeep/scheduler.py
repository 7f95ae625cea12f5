"""Pod -> node: the first one that takes it.

Source: Kubernetes documentation, "Kubernetes Scheduler", "Pod Scheduling Readiness".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiclient import ApiError, Key, Object, key_of
from irsa_sandbox.controllers.base.controller import WAITING_SECONDS, Controller
from irsa_sandbox.controllers.base.kinds import CLAIMS, NODES, PODS, Kind
from irsa_sandbox.controllers.base.owners import is_ended
from irsa_sandbox.controllers.base.predicates import obstacles
from irsa_sandbox.controllers.upkeep.claims import claim_obstacle

NAME = "default-scheduler"
AVAILABLE = "nodes are available: "
GATED = "Scheduling is blocked due to non-empty scheduling gates"


class Scheduler(Controller):
    """Binds each new Pod to a node that can take it."""

    name, component = "scheduler", NAME
    kind, watches = PODS, (NODES, CLAIMS)
    longest_delay = WAITING_SECONDS

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """Pods that wait are looked at again when a node changes or a Pod leaves room."""
        pods = self.collection.objects
        if kind is PODS:
            yield key_of(body)
        if kind is not PODS or key_of(body) not in pods or is_ended(body):
            yield from [key for key, pod in pods.items() if not pod["spec"].get("nodeName")]

    async def sync(self, pod: Object) -> None:
        """The Pod has a node, or an Event says why it has none."""
        if not waits(pod):
            return
        if pod["spec"].get("schedulingGates"):
            await self._hold(pod, "SchedulingGated", GATED)
            return
        nodes = list(self.cluster[NODES].objects.values())
        if not nodes:
            raise ApiError(409, "Conflict", "no node is there yet")
        if why := claim_obstacle(pod, self.cluster[CLAIMS].objects):
            await self._refuse(pod, f"0/{len(nodes)} {AVAILABLE}{why}. not found")
            return
        others = list(self.collection.objects.values())
        reasons: Counter[str] = Counter()
        for node in nodes:
            in_the_way = obstacles(pod, node, others)
            if not in_the_way:
                await self._bind(pod, node["metadata"]["name"])
                return
            reasons.update(in_the_way)
        await self._refuse(pod, unschedulable(reasons, len(nodes)))

    async def _refuse(self, pod: Object, text: str) -> None:
        if await self._hold(pod, "Unschedulable", text):
            self.events.record(pod, "Warning", "FailedScheduling", text)

    async def _bind(self, pod: Object, node: str) -> None:
        namespace, name = key_of(pod)
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        body = {"metadata": {"name": name}, "target": target}
        await self.client.create(PODS.path(namespace, name, "binding"), body)
        # Count it at once: the watch may bring it only after the next Pod was placed.
        self.collection.objects[namespace, name] = pod | {"spec": pod["spec"] | {"nodeName": node}}
        text = f"Successfully assigned {namespace}/{name} to {node}"
        self.events.record(pod, "Normal", "Scheduled", text)

    async def _hold(self, pod: Object, reason: str, text: str) -> bool:
        """Let the Pod's condition say why it waits; False where it says so already."""
        conditions = pod.get("status", {}).get("conditions") or ()
        if any(condition.get("message") == text for condition in conditions):
            return False
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": reason,
            "message": text,
            "lastProbeTime": None,
            "lastTransitionTime": stamp(self.clock_of(pod).now()),
        }
        await self.cluster.patch(PODS, pod, {"status": {"conditions": [condition]}}, "status")
        return True


def waits(pod: Object) -> bool:
    """Whether the Pod is this scheduler's to place."""
    spec = pod["spec"]
    return not spec.get("nodeName") and spec.get("schedulerName", NAME) == NAME


def unschedulable(reasons: Counter[str], nodes: int) -> str:
    """The scheduler's sentence. Source: pkg/scheduler/framework, FitError."""
    by_room = any(reason.startswith(("Insufficient", "Too many")) for reason in reasons)
    helped = "No preemption victims found for incoming pod"
    why = helped if by_room else "Preemption is not helpful for scheduling"
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    start = f"0/{nodes} {AVAILABLE}"
    return f"{start}{listed}. preemption: {start}{nodes} {why}."
