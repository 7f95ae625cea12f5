"""One container kept as its restart policy says: started, probed, waited for, started again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import httpx

from irsa_helpers.sandbox.apiclient import ApiError
from irsa_helpers.sandbox.kubelet import images
from irsa_helpers.sandbox.kubelet.container import Container
from irsa_helpers.sandbox.kubelet.context import Node, Reporter
from irsa_helpers.sandbox.kubelet.environment import ConfigError, container_environment
from irsa_helpers.sandbox.kubelet.probes import Prober, run_command
from irsa_helpers.sandbox.kubelet.runtimes import search_path

RETRY_SECONDS = 1.0
# A real kubelet starts at 10 s and goes to 300 s; a learner should not have to wait that long.
FIRST_BACKOFF_SECONDS = 1
LONGEST_BACKOFF_SECONDS = 30
# A container that ran this long starts again without delay, as on a real node.
STEADY_SECONDS = 600
HOOK_SECONDS = 30.0


class Supervisor:
    """Runs one container of a Pod."""

    def __init__(
        self, node: Node, container: Container, report: Reporter, restart_policy: str
    ) -> None:
        self._node = node
        self._report = report
        self._policy = "Always" if container.sidecar else restart_policy
        if container.init and restart_policy == "Always" and not container.sidecar:
            self._policy = "OnFailure"
        self._started_at = 0.0
        self._delay = 0
        self.container = container
        self.up = asyncio.Event()

    async def run(self) -> None:
        """Return when the container has ended and is not to start again."""
        while not (self._has_ended() and not self._may_restart()):
            if self.container.terminated:
                await self._back_off()
            elif await self._start():
                await self._attend()
            elif not self.container.terminated:
                self._report.changed()
                await self._node.clock.sleep(RETRY_SECONDS)
        self._report.changed()

    def _has_ended(self) -> bool:
        return self.container.terminated is not None

    def _may_restart(self) -> bool:
        ended = self.container.terminated or {}
        failed = ended.get("exitCode") != 0
        return self._policy == "Always" or (self._policy == "OnFailure" and failed)

    async def _start(self) -> bool:
        """The container's process runs; False where it can't, and the state says why."""
        container = self.container
        if not images.pull(container, self._report):
            return False
        try:
            environment = await self._environment()
            container.prepare_home(self._node.region)
            await container.start(environment, self._node.clock, self._node.now())
        except ConfigError as error:
            container.wait("CreateContainerConfigError", str(error))
            self._report.tell("Warning", "Failed", f"Error: {error}", container)
            return False
        except (ApiError, httpx.HTTPError) as error:
            container.wait("CreateContainerConfigError", f"API server: {error}")
            return False
        except OSError as error:
            container.could_not_start(error, self._node.now())
            self._report.tell("Normal", "Created", "Container created", container)
            self._report.tell("Warning", "Failed", f"Error: {error}", container)
            return False
        self._started_at = self._node.clock.time()
        self._report.tell("Normal", "Created", "Container created", container)
        self._report.tell("Normal", "Started", "Container started", container)
        return True

    async def _environment(self) -> dict[str, str]:
        pod = self._report.pod
        base = base_environment(self._node.environment, pod["metadata"]["name"])
        return await container_environment(self._node.client, pod, self.container.spec, base)

    async def _attend(self) -> None:
        """Probe the running container until it ends."""
        process = self.container.process
        assert process is not None
        attention = asyncio.create_task(self._probe(), name=f"probes of {self.container.name}")
        try:
            code = await process.wait()
        finally:
            attention.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await attention
        self.container.ended(code, self._node.now())
        if code == 0 and self.container.init:
            self.container.ready = True
        self._report.changed()

    async def _probe(self) -> None:
        hook = self.container.spec.get("lifecycle", {}).get("postStart", {})
        if "exec" in hook:
            outcome = await run_command(self.container, hook["exec"]["command"], HOOK_SECONDS)
            if not outcome.good:
                text = f"PostStartHook failed: {outcome.said}"
                self._report.tell("Warning", "FailedPostStartHook", text, self.container)
                await self._kill("FailedPostStartHook")
                return
        self.up.set()
        await Prober(self._node, self.container, self._report).run(self._kill)

    async def _kill(self, why: str) -> None:
        self._report.tell("Normal", "Killing", why, self.container)
        if self.container.process:
            grace = self._report.pod["spec"].get("terminationGracePeriodSeconds", 30)
            await self.container.process.end(grace)

    async def _back_off(self) -> None:
        """Wait before the next run: not at all the first time, then longer each time."""
        container, metadata = self.container, self._report.pod["metadata"]
        if self._node.clock.time() - self._started_at > STEADY_SECONDS and self._started_at:
            self._delay = 0
        if self._delay:
            pod = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            text = f"restarting failed container={container.name} pod={pod}"
            container.wait("CrashLoopBackOff", f"back-off {self._delay}s {text}")
            shown = f"Back-off restarting failed container {container.name} in pod {pod}"
            self._report.tell("Warning", "BackOff", shown, container)
            self._report.changed()
            await self._node.clock.sleep(self._delay)
        else:
            container.wait("ContainerCreating")
        self._delay = min(self._delay * 2 or FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        container.restarts += 1


def base_environment(node: Mapping[str, str], pod_name: str) -> dict[str, str]:
    """What every container has, beside what its Pod says."""
    return {"PATH": search_path(), "LANG": "C.UTF-8", "HOSTNAME": pod_name, **node}
