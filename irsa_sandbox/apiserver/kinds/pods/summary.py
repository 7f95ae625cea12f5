"""What `kubectl get pods` says of a Pod in a word: its status, restarts and ready containers.

Source: kubernetes, pkg/printers/internalversion: printPod.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.store.storage import Object


def _ended(state: Object, prefix: str = "") -> str:
    """How a container ended: a reason, else a signal or an exit code."""
    if state.get("reason"):
        return f"{prefix}{state['reason']}"
    if state.get("signal"):
        return f"{prefix}Signal:{state['signal']}"
    return f"{prefix}ExitCode:{state.get('exitCode', 0)}"


class PodSummary:
    """Reads a Pod; see the attributes' names."""

    def __init__(self, body: Object) -> None:
        self._spec, self._status = body["spec"], body.get("status") or {}
        phase = self._status.get("phase", "")
        self.reason: str = self._status.get("reason") or phase
        conditions = self._status.get("conditions") or ()
        if any(condition.get("reason") == "SchedulingGated" for condition in conditions):
            self.reason = "SchedulingGated"
        self.restarts, self.last_restart, self.ready = 0, "", 0
        sidecars = [c for c in self._initial if c.get("restartPolicy") == "Always"]
        self._sidecars = {container["name"] for container in sidecars}
        self.total = len(self._spec.get("containers") or ()) + len(sidecars)
        initializing = self._initializing()
        if not initializing or self._has("Initialized"):
            self._running()
        ended = phase in {"Succeeded", "Failed"}
        if body["metadata"].get("deletionTimestamp") and not ended:
            self.reason = "Terminating"

    @property
    def _initial(self) -> list[Object]:
        return self._spec.get("initContainers") or []

    def _has(self, condition: str) -> bool:
        conditions = self._status.get("conditions") or ()
        return any(c["type"] == condition and c["status"] == "True" for c in conditions)

    def _count(self, status: Object) -> None:
        self.restarts += status.get("restartCount", 0)
        last = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt", "")
        self.last_restart = max(self.last_restart, last or "")

    def _initializing(self) -> bool:
        """Whether an init container has not done its work; the reason then says which."""
        for index, container in enumerate(self._status.get("initContainerStatuses") or ()):
            self._count(container)
            state = container.get("state") or {}
            ended, waiting = state.get("terminated"), state.get("waiting") or {}
            if ended and ended.get("exitCode", 0) == 0:
                continue
            if container["name"] in self._sidecars and container.get("started"):
                self.ready += bool(container.get("ready"))
                continue
            if ended:
                self.reason = _ended(ended, "Init:")
            elif waiting.get("reason") not in {None, "", "PodInitializing"}:
                self.reason = f"Init:{waiting['reason']}"
            else:
                self.reason = f"Init:{index}/{len(self._initial)}"
            return True
        return False

    def _running(self) -> None:
        """The main containers have begun: from now on only they count."""
        self.restarts, self.last_restart = 0, ""
        for container in self._status.get("initContainerStatuses") or ():
            if container["name"] in self._sidecars:
                self._count(container)
        any_running = False
        for container in reversed(self._status.get("containerStatuses") or ()):
            self._count(container)
            state = container.get("state") or {}
            waiting, ended = state.get("waiting") or {}, state.get("terminated")
            if waiting.get("reason"):
                self.reason = waiting["reason"]
            elif ended:
                self.reason = _ended(ended)
            elif container.get("ready") and "running" in state:
                any_running = True
                self.ready += 1
        if self.reason == "Completed" and any_running:
            self.reason = "Running" if self._has("Ready") else "NotReady"
