"""The life of one Pod on this node: volumes, init containers, containers, probes, the end."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irsa_helpers.sandbox.apiclient import ApiClient, ApiError, Object, path_of
from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.controllers.events import EventRecorder
from irsa_helpers.sandbox.kubelet import processes
from irsa_helpers.sandbox.kubelet.container import Container
from irsa_helpers.sandbox.kubelet.environment import ConfigError, Paths, container_environment
from irsa_helpers.sandbox.kubelet.probes import succeeds
from irsa_helpers.sandbox.kubelet.runtimes import known_images, search_path
from irsa_helpers.sandbox.kubelet.volumes import MountedToken, MountError, Volumes
from irsa_helpers.sandbox.trace import Trace

RETRY_SECONDS = 1.0
# A real kubelet waits 10 s, doubling to 5 minutes; a learner should not have to.
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 30.0
IDENTITY_MOUNTS = ("sts.amazonaws.com", "pods.eks.amazonaws.com")


@dataclass(frozen=True)
class Node:
    """What all Pods of the node share."""

    client: ApiClient
    clock: Clock
    trace: Trace
    events: EventRecorder
    directory: Path
    environment: Mapping[str, str]
    host_ip: str = "127.0.0.1"


class PodWorker:
    """Runs one Pod until it is stopped."""

    def __init__(self, node: Node, pod: Object) -> None:
        self._node = node
        self.pod = pod | {"apiVersion": "v1", "kind": "Pod"}
        self.folder = node.directory / pod["metadata"]["uid"]
        self.volumes = Volumes(node.client, self.pod, self.folder / "volumes")
        spec = self.pod["spec"]
        self.init_containers = [self._container(s, True) for s in spec.get("initContainers") or ()]
        self.containers = [self._container(s, False) for s in spec["containers"]]
        self._tasks: set[asyncio.Task[None]] = set()
        self._phase = "Pending"
        self._stopping = False
        self._published: Object = {}

    def _container(self, spec: Object, init: bool) -> Container:
        places = {
            mount["mountPath"].rstrip("/"): self.volumes.folder(mount["name"])
            for mount in spec.get("volumeMounts") or ()
        }
        return Container(spec, self.folder, Paths(places), init)

    def find(self, name: str) -> Container | None:
        """The container of that name."""
        every = [*self.containers, *self.init_containers]
        return next((each for each in every if each.name == name), None)

    def start(self) -> None:
        """Begin in the background."""
        self._spawn(self._run(), "run")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        title = f"{self.pod['metadata']['name']} {name}"
        task = asyncio.create_task(work, name=title)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        tokens = await self._set_up_volumes()
        for token in tokens:
            self._spawn(self._keep_fresh(token), f"token {token.volume}")
        for container in self.init_containers:
            if not await self._run_init(container):
                await self._finish("Failed")
                return
        self._phase = "Running"
        for container in self.containers:
            container.state = {"waiting": {"reason": "ContainerCreating"}}
            self._spawn(self._supervise(container), container.name)

    async def _set_up_volumes(self) -> list[MountedToken]:
        while True:
            try:
                tokens = await self.volumes.set_up(self._node.clock.time())
            except (MountError, ConfigError, ApiError) as error:
                await self._tell("Warning", "FailedMount", str(error))
                await self.publish()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                for token in tokens:
                    self._record_mount(token, "mounted")
                return tokens

    async def _keep_fresh(self, token: MountedToken) -> None:
        """Write the token anew at 80 % of its life, as long as the Pod lives."""
        while True:
            await self._node.clock.sleep(token.refresh_at - self._node.clock.time())
            try:
                renewed = await self.volumes.refresh(token.volume, self._node.clock.time())
            except (MountError, ApiError) as error:
                await self._tell("Warning", "FailedMount", str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            token = next(each for each in renewed if each.path == token.path)
            self._record_mount(token, "refreshed")

    def _record_mount(self, token: MountedToken, verb: str) -> None:
        if token.audience not in IDENTITY_MOUNTS:
            return
        metadata = self.pod["metadata"]
        mounts = [
            mount["mountPath"]
            for each in self.pod["spec"]["containers"]
            for mount in each.get("volumeMounts") or ()
            if mount["name"] == token.volume
        ]
        path = f"{mounts[0]}/{token.path}" if mounts else token.path
        self._node.trace.add(
            "token-mount",
            "kubelet",
            "Pod",
            f"token for {token.audience} {verb} at {path}",
            namespace=metadata["namespace"],
            pod=metadata["name"],
            service_account=self.pod["spec"].get("serviceAccountName"),
            path=path,
            expires_at=token.expires_at,
        )

    async def _run_init(self, container: Container) -> bool:
        """Run an init container until it succeeds; False where it fails and may not restart."""
        while not await self._start(container):
            if "terminated" in container.state and not self._may_restart(container):
                return False
            await self._back_off(container)
        while True:
            assert container.process is not None
            container.ended(await container.process.wait(), self._now())
            await self.publish()
            if container.state["terminated"]["exitCode"] == 0:
                container.ready = True
                return True
            if self.pod["spec"].get("restartPolicy") == "Never":
                return False
            await self._back_off(container)
            while not await self._start(container):
                await self._back_off(container)

    async def _supervise(self, container: Container) -> None:
        """Start, wait, start again: what the restart policy says."""
        while not self._stopping:
            if await self._start(container):
                probing = asyncio.create_task(self._probe(container))
                assert container.process is not None
                code = await container.process.wait()
                probing.cancel()
                if self._stopping:
                    return
                container.ended(code, self._now())
            await self.publish()
            if "terminated" in container.state and not self._may_restart(container):
                await self._finish_if_all_ended()
                return
            await self._back_off(container)

    def _may_restart(self, container: Container) -> bool:
        policy = self.pod["spec"].get("restartPolicy", "Always")
        code = container.state["terminated"]["exitCode"]
        return bool(policy == "Always" or (policy == "OnFailure" and code != 0))

    async def _start(self, container: Container) -> bool:
        """The container's process runs; False where it can't, and the state says why."""
        field_path = f"spec.{'initContainers' if container.init else 'containers'}"
        about = f"{field_path}{{{container.name}}}"
        image = container.spec["image"]
        if container.runtime is None:
            await self._no_image(container, about)
            return False
        try:
            environment = await container_environment(
                self._node.client, self.pod, container.spec, self._base_environment()
            )
            await container.start(environment, self._now())
        except ConfigError as error:
            container.wait_for_restart("CreateContainerConfigError", str(error))
            await self._tell("Warning", "Failed", f"Error: {error}", about)
            return False
        except OSError as error:
            container.could_not_start(error, self._now())
            await self._tell("Warning", "Failed", f"Error: {error}", about)
            return False
        container.ready = "readinessProbe" not in container.spec and not container.init
        await self.publish()
        for reason, text in (
            ("Pulled", f'Container image "{image}" already present on machine'),
            ("Created", f"Created container: {container.name}"),
            ("Started", f"Started container {container.name}"),
        ):
            await self._tell("Normal", reason, text, about)
        return True

    def _base_environment(self) -> dict[str, str]:
        return {"PATH": search_path(), "LANG": "C.UTF-8", **self._node.environment}

    async def _no_image(self, container: Container, about: str) -> None:
        image = container.spec["image"]
        missing = f'the sandbox has no runtime for "{image}"; it knows {known_images()}'
        first = container.state.get("waiting", {}).get("reason") != "ErrImagePull"
        if first:
            container.wait_for_restart("ErrImagePull", missing)
            await self._tell("Normal", "Pulling", f'Pulling image "{image}"', about)
            await self._tell(
                "Warning", "Failed", f'Failed to pull image "{image}": {missing}', about
            )
            await self._tell("Warning", "Failed", "Error: ErrImagePull", about)
        else:
            text = f'Back-off pulling image "{image}"'
            container.wait_for_restart("ImagePullBackOff", text)
            await self._tell("Normal", "BackOff", text, about)

    async def _back_off(self, container: Container) -> None:
        """Wait before the next run, longer each time."""
        if "terminated" in container.state:
            if container.restarts or container.state["terminated"]["exitCode"]:
                text = (
                    f"back-off restarting failed container={container.name} "
                    f"pod={self.pod['metadata']['name']}_{self.pod['metadata']['namespace']}"
                )
                container.wait_for_restart("CrashLoopBackOff", text)
                await self._tell("Warning", "BackOff", f"Back-off {text[9:]}")
            else:
                container.last_state = container.state
            container.restarts += 1
            delay = min(
                FIRST_BACKOFF_SECONDS * 2 ** (container.restarts - 1), LONGEST_BACKOFF_SECONDS
            )
        else:
            delay = RETRY_SECONDS
        await self.publish()
        await self._node.clock.sleep(delay)

    async def _probe(self, container: Container) -> None:
        """Run the container's probes for as long as its process runs."""
        if startup := container.spec.get("startupProbe"):
            while not await succeeds(container, startup):
                await asyncio.sleep(startup.get("periodSeconds", 10))
        async with asyncio.TaskGroup() as group:
            if readiness := container.spec.get("readinessProbe"):
                group.create_task(self._watch_readiness(container, readiness))
            if liveness := container.spec.get("livenessProbe"):
                group.create_task(self._watch_liveness(container, liveness))

    async def _watch_readiness(self, container: Container, probe: Object) -> None:
        await asyncio.sleep(probe.get("initialDelaySeconds", 0))
        failures = 0
        while True:
            if await succeeds(container, probe):
                failures, ready = 0, True
            else:
                failures += 1
                ready = container.ready and failures < probe.get("failureThreshold", 3)
                await self._tell("Warning", "Unhealthy", "Readiness probe failed: ")
            if ready != container.ready:
                container.ready = ready
                await self.publish()
            await asyncio.sleep(probe.get("periodSeconds", 10))

    async def _watch_liveness(self, container: Container, probe: Object) -> None:
        await asyncio.sleep(probe.get("initialDelaySeconds", 0))
        failures = 0
        while failures < probe.get("failureThreshold", 3):
            await asyncio.sleep(probe.get("periodSeconds", 10))
            failures = 0 if await succeeds(container, probe) else failures + 1
            if failures:
                await self._tell("Warning", "Unhealthy", "Liveness probe failed: ")
        text = f"Container {container.name} failed liveness probe, will be restarted"
        await self._tell("Normal", "Killing", text)
        if container.process:
            processes.send(container.process, signal.SIGTERM)

    async def _finish_if_all_ended(self) -> None:
        if all("terminated" in each.state for each in self.containers):
            codes = [each.state["terminated"]["exitCode"] for each in self.containers]
            await self._finish("Failed" if any(codes) else "Succeeded")

    async def _finish(self, phase: str) -> None:
        self._phase = phase
        await self.publish()

    async def publish(self) -> None:
        """The Pod's status at the API server is what is known here."""
        status = self._status()
        if status == self._published:
            return
        metadata = self.pod["metadata"]
        path = path_of("v1", "pods", metadata["namespace"], metadata["name"], "status")
        try:
            await self._node.client.patch(
                path, {"metadata": {"uid": metadata["uid"]}, "status": status}
            )
        except ApiError as error:
            if error.status not in {404, 409}:
                raise
        self._published = status

    def _status(self) -> Object:
        ready = self._phase == "Running" and all(each.ready for each in self.containers)
        initialized = all(each.ready for each in self.init_containers)
        flags = {
            "PodReadyToStartContainers": True,
            "Initialized": initialized,
            "Ready": ready,
            "ContainersReady": ready,
            "PodScheduled": True,
        }
        status = {
            "phase": self._phase,
            "hostIP": self._node.host_ip,
            "podIP": self._node.host_ip,
            "startTime": self._published.get("startTime") or self._now(),
            "conditions": [self._condition(kind, flag) for kind, flag in flags.items()],
            "containerStatuses": [each.status() for each in self.containers],
        }
        if self.init_containers:
            status["initContainerStatuses"] = [each.status() for each in self.init_containers]
        return status

    def _condition(self, kind: str, flag: bool) -> Object:
        wanted = "True" if flag else "False"
        for old in self._published.get("conditions") or ():
            if (old["type"], old["status"]) == (kind, wanted):
                return dict(old)
        return {
            "type": kind,
            "status": wanted,
            "lastProbeTime": None,
            "lastTransitionTime": self._now(),
        }

    async def stop(self, grace_seconds: float) -> None:
        """Every process of the Pod has ended, and its folder is gone."""
        self._stopping = True
        for task in list(self._tasks):
            task.cancel()
        every = [*self.containers, *self.init_containers]
        running = [each.process for each in every if each.process and each.running]
        await asyncio.gather(*(processes.end(each, grace_seconds) for each in running))
        shutil.rmtree(self.folder, ignore_errors=True)

    async def terminate(self) -> None:
        """The Pod was deleted: end it gracefully, then let the API server forget it."""
        metadata = self.pod["metadata"]
        if any(each.running for each in self.containers):
            for each in self.containers:
                text = f"Stopping container {each.name}"
                await self._tell("Normal", "Killing", text, f"spec.containers{{{each.name}}}")
        await self.stop(metadata.get("deletionGracePeriodSeconds", 30))
        path = path_of("v1", "pods", metadata["namespace"], metadata["name"])
        await self._node.client.delete(
            path, gracePeriodSeconds=0, preconditions={"uid": metadata["uid"]}
        )

    async def _tell(self, kind: str, reason: str, text: str, field_path: str = "") -> None:
        await self._node.events.record(self.pod, kind, reason, text, field_path=field_path)

    def _now(self) -> str:
        return self._node.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
