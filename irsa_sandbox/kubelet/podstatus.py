"""The status of a Pod, as a kubelet computes it from its containers.

Source: Kubernetes documentation, "Pod Lifecycle": phase, conditions, container states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from irsa_sandbox.apiclient import Object
from irsa_sandbox.kubelet.containers.container import Container

Flag = tuple[bool, str, str]  # whether; the reason, and the message where it does not hold
ENDED = {"Succeeded", "Failed"}


@dataclass
class PodStatus:
    """What is known of a Pod as a whole."""

    start_time: str
    host_ip: str
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    has_volumes: bool = False
    generation: int = 1
    conditions: dict[str, Object] = field(default_factory=dict)

    def body(
        self, init_containers: Sequence[Container], containers: Sequence[Container], now: str
    ) -> Object:
        """The `status` to publish."""
        flags = self._flags(init_containers, containers)
        self.conditions = {kind: self._condition(kind, flag, now) for kind, flag in flags.items()}
        status: Object = {
            "observedGeneration": self.generation,
            "phase": self._shown_phase(containers),
            "hostIP": self.host_ip,
            "hostIPs": [{"ip": self.host_ip}],
            "podIP": self.host_ip,
            "podIPs": [{"ip": self.host_ip}],
            "startTime": self.start_time,
            "conditions": list(self.conditions.values()),
            "containerStatuses": [container.status() for container in containers],
        }
        if init_containers:
            status["initContainerStatuses"] = [container.status() for container in init_containers]
        if self.reason:
            status |= {"reason": self.reason, "message": self.message}
        return status

    def _shown_phase(self, containers: Sequence[Container]) -> str:
        """Pending as long as a container has never run. Source: pkg/kubelet, getPhase."""
        never_ran = any(
            "waiting" in container.state and not container.last_state for container in containers
        )
        return "Pending" if self.phase == "Running" and never_ran else self.phase

    def _flags(
        self, init_containers: Sequence[Container], containers: Sequence[Container]
    ) -> Mapping[str, Flag]:
        ready = self._readiness([*[c for c in init_containers if c.sidecar], *containers])
        waiting = [c.name for c in init_containers if not c.initialized]
        text = f"containers with incomplete status: [{' '.join(waiting)}]"
        completed = "PodCompleted" if self.phase == "Succeeded" else ""
        return {
            "PodReadyToStartContainers": (self.has_volumes and self.phase not in ENDED, "", ""),
            "Initialized": (
                not waiting,
                "ContainersNotInitialized" if waiting else completed,
                text,
            ),
            "Ready": ready,
            "ContainersReady": ready,
            "PodScheduled": (True, "", ""),
        }

    def _readiness(self, containers: Sequence[Container]) -> Flag:
        if self.phase in ENDED:
            return False, f"Pod{'Completed' if self.phase == 'Succeeded' else 'Failed'}", ""
        unready = [container.name for container in containers if not container.ready]
        text = f"containers with unready status: [{' '.join(unready)}]"
        ready = self.phase == "Running" and not unready
        return ready, "" if ready else "ContainersNotReady", text

    def _condition(self, kind: str, flag: Flag, now: str) -> Object:
        holds, reason, message = flag
        status = "True" if holds else "False"
        old = self.conditions.get(kind, {})
        since = old["lastTransitionTime"] if old.get("status") == status else now
        condition = {
            "type": kind,
            "status": status,
            "observedGeneration": self.generation,
            "lastProbeTime": None,
            "lastTransitionTime": since,
        }
        if reason:
            condition["reason"] = reason
        if not holds and message:
            condition["message"] = message
        return condition
