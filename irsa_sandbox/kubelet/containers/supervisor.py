"""One container kept as its restart policy says: started, probed, waited for, started again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from irsa_sandbox.apiclient import ApiError, Object
from irsa_sandbox.kubelet.containers import hooks, images
from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.containers.context import Node, Reporter
from irsa_sandbox.kubelet.containers.persist import LONGEST_RETRY_SECONDS
from irsa_sandbox.kubelet.containers.probes import Prober
from irsa_sandbox.kubelet.programs.environment import ConfigError, container_environment
from irsa_sandbox.kubelet.programs.runtimes import search_path
from irsa_sandbox.kubelet.programs.users import check_user
from irsa_sandbox.loops import end

# Stands for the Pod's uid in the node's environment.
POD = "{pod}"
# A real kubelet starts at 10 s and goes to 300 s; a learner should not have to wait that long.
FIRST_BACKOFF_SECONDS = 1
LONGEST_BACKOFF_SECONDS = 30
# A container that ran this long starts again without delay, as on a real node.
STEADY_SECONDS = 600
# How containerd says that runc could not start a container's program.
START_ERROR = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc "
    "create failed: unable to start container process: error during container init: {}: unknown"
)

# How containerd's client says that a variable or an argument is no text.
NOT_UTF8 = (
    "rpc error: code = Internal desc = grpc: error while marshaling: "
    "string field contains invalid UTF-8"
)

# What the sandbox says where a real node would have the volumes at their paths.
DEAD_PATHS = (
    "This machine gives a container no mount namespace. Variables and arguments that name a mount "
    "path are rewritten; these files are not, and a program that opens a path they name finds "
    "nothing: {}"
)


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
        retry = 1
        while not (self._has_ended() and not self._may_restart()):
            if self.container.terminated:
                await self._back_off()
            elif self.container.running or await self._start():
                retry = 1
                await self._attend()
            elif not self.container.terminated:
                self._report.changed()
                await self._node.clock.sleep(retry)
                retry = min(retry * 2, LONGEST_RETRY_SECONDS)
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
            check_user(self._report.pod, container.spec)
            environment = await self._environment()
            container.prepare_home(self._node.region)
            await container.start(environment, self._node.clock, self._node.now())
        except ConfigError as error:
            container.wait("CreateContainerConfigError", str(error))
            self._report.tell("Warning", "Failed", f"Error: {error}", container)
            return False
        except ApiError as error:
            container.wait("CreateContainerConfigError", f"API server: {error}")
            return False
        except UnicodeError:
            container.wait("CreateContainerError", NOT_UTF8)
            self._report.tell("Warning", "Failed", f"Error: {NOT_UTF8}", container)
            return False
        except (OSError, ValueError) as error:
            text = START_ERROR.format(_shown(error))
            container.could_not_start(text, self._node.now())
            self._report.tell("Normal", "Created", "Container created", container)
            self._report.tell("Warning", "Failed", f"Error: {text}", container)
            return False
        self._started_at = self._node.clock.time()
        self._report.tell("Normal", "Created", "Container created", container)
        self._report.tell("Normal", "Started", "Container started", container)
        if container.dead_paths:
            text = DEAD_PATHS.format(", ".join(container.dead_paths))
            self._report.tell("Warning", "NoMountNamespace", text, container)
        return True

    async def _environment(self) -> dict[str, str]:
        pod = self._report.pod
        base = base_environment(self._node.environment, pod["metadata"])
        return await container_environment(
            self._node.client, pod, self.container.spec, base, self._node.allocatable
        )

    async def _attend(self) -> None:
        """Probe the running container until it ends."""
        process = self.container.process
        assert process is not None
        attention = asyncio.create_task(self._probe(), name=f"probes of {self.container.name}")
        try:
            code = await process.wait()
        finally:
            await end(attention)
        self.container.ended(code, self._node.now())
        if code == 0 and self.container.init:
            self.container.ready = True
        self._report.changed()

    async def _probe(self) -> None:
        if not await hooks.after_start(self._node, self.container, self._report):
            await self._kill("FailedPostStartHook")
            return
        prober = Prober(self._node, self.container, self._report, self.up.set)
        await prober.run(self._kill_for_probe)

    async def _kill_for_probe(self, why: str) -> None:
        await self._kill(why if self._policy == "Never" else f"{why}, will be restarted")

    async def _kill(self, why: str) -> None:
        self._report.tell("Normal", "Killing", why, self.container)
        grace = self._report.pod["spec"].get("terminationGracePeriodSeconds", 30)
        await hooks.end(self._node, self.container, self._report, grace)

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
        elif (container.terminated or {}).get("reason") == "StartError":
            container.wait("RunContainerError", (container.terminated or {})["message"])
            self._report.changed()
            await self._node.clock.sleep(FIRST_BACKOFF_SECONDS)
        else:
            container.wait("ContainerCreating")
        self._delay = min(self._delay * 2 or FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        container.restarts += 1


def base_environment(node: Mapping[str, str], metadata: Object) -> dict[str, str]:
    """What every container has, beside what its Pod says."""
    own = {name: value.replace(POD, metadata["uid"]) for name, value in node.items()}
    return {"PATH": search_path(), "LANG": "C.UTF-8", "HOSTNAME": metadata["name"], **own}


def _shown(error: OSError | ValueError) -> str:
    """As runc says it: the system takes no NUL in a word, a variable or a path."""
    return str(error) if isinstance(error, OSError) else f"invalid argument: {error}"
