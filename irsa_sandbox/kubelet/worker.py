"""The life of one Pod on this node: volumes, init containers, containers, the end."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from irsa_sandbox.apiclient import Object, path_of
from irsa_sandbox.kubelet.containers import hooks
from irsa_sandbox.kubelet.containers.container import TERMINATION_MESSAGE_PATH, Container
from irsa_sandbox.kubelet.containers.context import Node, Reporter
from irsa_sandbox.kubelet.containers.persist import LONGEST_RETRY_SECONDS, T, persist
from irsa_sandbox.kubelet.containers.supervisor import Supervisor
from irsa_sandbox.kubelet.files.host_paths import MountError
from irsa_sandbox.kubelet.files.volumes import MountedToken, Volumes
from irsa_sandbox.kubelet.podstatus import PodStatus
from irsa_sandbox.kubelet.programs.environment import Paths
from irsa_sandbox.kubelet.programs.namespaces import Mount
from irsa_sandbox.kubelet.programs.processes import KILL
from irsa_sandbox.kubelet.programs.users import user_of

log = logging.getLogger("irsa-lab.kubelet")

RETRY_SECONDS = 1.0
IDENTITY_AUDIENCES = ("sts.amazonaws.com", "pods.eks.amazonaws.com")
ENDED = {"Succeeded", "Failed"}


class PodWorker:
    """Runs one Pod until it is stopped."""

    def __init__(self, node: Node, pod: Object) -> None:
        node = replace(node, clock=node.clock.of(pod["metadata"]["namespace"]))
        self._node = node
        self._offset_seconds = node.clock.offset_seconds
        self.pod = pod | {"apiVersion": "v1", "kind": "Pod"}
        self.folder = node.directory / pod["metadata"]["uid"]
        addresses = {"podIP": node.host_ip, "hostIP": node.host_ip}
        self.pod["status"] = addresses | (self.pod.get("status") or {})
        self.volumes = Volumes(
            node.client,
            self.pod,
            self.folder / "volumes",
            node.directory.with_name("node-files"),
            node.allocatable,
        )
        spec = self.pod["spec"]
        self.init_containers = [self._container(s, True) for s in spec.get("initContainers") or ()]
        self.containers = [self._container(s, False) for s in spec["containers"]]
        self._status = PodStatus(node.now(), node.host_ip)
        self._report = Reporter(node, self.pod, self._status_body)
        self._tasks: set[asyncio.Task[None]] = set()
        self._recover()

    def _container(self, spec: Object, init: bool) -> Container:
        places = {
            mount["mountPath"].rstrip("/"): self.volumes.place(mount)
            for mount in spec.get("volumeMounts") or ()
        }
        message = spec.get("terminationMessagePath", TERMINATION_MESSAGE_PATH)
        places[message] = said = self.folder / "containers" / f"{spec['name']}.message"
        user = user_of(self.pod["spec"], spec)

        def mounts() -> list[Mount]:
            return [Mount(str(said), message), *self.volumes.mounts(spec)]

        paths = Paths(places, self._node.addresses, (self._node.directory.parent, Path(sys.prefix)))
        return Container(spec, self.folder, paths, init, user=user, mounts=mounts)

    def _recover(self) -> None:
        """Go on from what the API server knows, where the Pod ran before the kubelet started."""
        known = self.pod.get("status") or {}
        self._status.generation = self.pod["metadata"].get("generation", 1)
        self._status.start_time = known.get("startTime", self._status.start_time)
        self._status.phase = known.get("phase", self._status.phase)
        self._status.conditions = {
            condition["type"]: condition for condition in known.get("conditions") or ()
        }
        by_name = {
            status["name"]: status
            for group in ("containerStatuses", "initContainerStatuses")
            for status in known.get(group) or ()
        }
        for container in (*self.containers, *self.init_containers):
            if status := by_name.get(container.name):
                container.recover(status, self._node.now())

    def find(self, name: str) -> Container | None:
        """The container of that name."""
        every = [*self.containers, *self.init_containers]
        return next((container for container in every if container.name == name), None)

    def start(self) -> None:
        """Begin in the background, unless the Pod has ended before."""
        if self._status.phase not in ENDED:
            self._report.start()
            self._spawn(self._run(), "run")

    def update(self, pod: Object) -> None:
        """Take over what may change in a Pod that runs: its metadata."""
        before, self.pod["metadata"] = self.pod["metadata"], pod["metadata"]
        if any(before.get(name) != pod["metadata"].get(name) for name in ("labels", "annotations")):
            self._rewrite(self.volumes.showing_metadata())

    def source_changed(self, plural: str, body: Object) -> None:
        """A ConfigMap or Secret is new or changed: bring the volumes up to date that show it."""
        if body["metadata"].get("namespace") == self.pod["metadata"]["namespace"]:
            self._rewrite(self.volumes.showing(plural, body["metadata"]["name"]))

    def follow_clock(self) -> None:
        """Where the time of the Pod's namespace was moved, no container keeps its credentials."""
        if self._node.clock.offset_seconds == self._offset_seconds:
            return
        self._offset_seconds = self._node.clock.offset_seconds
        for container in (*self.init_containers, *self.containers):
            container.forget_credentials()

    def _rewrite(self, volumes: list[str]) -> None:
        if volumes and self._status.has_volumes:
            self._spawn(self._bring_up_to_date(volumes), "volumes")

    async def _bring_up_to_date(self, volumes: list[str]) -> None:
        for volume in volumes:
            try:
                await self.volumes.rewrite(volume)
            except MountError as error:
                self._report.tell("Warning", "FailedMount", str(error))

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        title = f"{self.pod['metadata']['name']} {name}"
        task = asyncio.create_task(work, name=title)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Pod task %s failed", task.get_name(), exc_info=error)

    async def _run(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if seconds := self.pod["spec"].get("activeDeadlineSeconds"):
            self._spawn(self._expire(seconds), "deadline")
        (self.folder / "containers").mkdir(exist_ok=True)
        for token in await self._persist(self._set_up_volumes):
            self._spawn(self._keep_fresh(token), f"token {token.volume}")
        self._status.has_volumes = True
        if await self._initialize():
            self._status.phase = "Running"
            await asyncio.gather(*(self._supervise(container) for container in self.containers))
            codes = [(container.terminated or {}).get("exitCode") for container in self.containers]
            await self._finish("Failed" if any(codes) else "Succeeded")
        else:
            await self._finish("Failed")

    async def _persist(self, work: Callable[[], Awaitable[T]]) -> T:
        name = f"Pod {self.pod['metadata']['name']}"
        return await persist(name, work, self._failed, self._node.clock.sleep)

    def _failed(self, error: Exception) -> None:
        """An unexpected error is told in an Event and in the status of the containers."""
        text = f"error syncing pod, skipping: {type(error).__name__}: {error}"
        self._report.tell("Warning", "FailedSync", text)
        for container in (*self.init_containers, *self.containers):
            if not container.running and not container.terminated:
                container.wait("CreateContainerError", text)
        self._report.changed()

    async def _set_up_volumes(self) -> list[MountedToken]:
        retry = 1
        while True:
            try:
                tokens = await self.volumes.set_up(self._node.clock.time())
            except MountError as error:
                self._report.tell("Warning", "FailedMount", str(error))
                for container in (*self.init_containers, *self.containers):
                    reason = "PodInitializing" if self.init_containers else "ContainerCreating"
                    container.wait(reason)
                self._report.changed()
                await self._node.clock.sleep(retry)
                retry = min(retry * 2, LONGEST_RETRY_SECONDS)
            else:
                for token in tokens:
                    self._record_mount(token, "mounted")
                return tokens

    async def _keep_fresh(self, token: MountedToken) -> None:
        """Write the token anew at 80 % of its life, as long as the Pod lives."""
        while True:
            await self._node.clock.sleep_until(token.refresh_at)
            try:
                renewed = await self.volumes.refresh(token.volume, self._node.clock.time())
            except MountError as error:
                self._report.tell("Warning", "FailedMount", str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            token = next(mounted for mounted in renewed if mounted.path == token.path)
            self._record_mount(token, "refreshed")

    def _record_mount(self, token: MountedToken, verb: str) -> None:
        if token.audience not in IDENTITY_AUDIENCES:
            return
        metadata = self.pod["metadata"]
        mounts = [
            mount["mountPath"]
            for container in self.pod["spec"]["containers"]
            for mount in container.get("volumeMounts") or ()
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

    async def _initialize(self) -> bool:
        """Run the init containers, one after another; False where one fails for good."""
        for container in self.init_containers:
            supervisor = self._supervisor(container)
            if container.sidecar:
                self._spawn(self._persist(supervisor.run), container.name)
                await supervisor.up.wait()
                continue
            await self._persist(supervisor.run)
            if container.terminated and container.terminated["exitCode"]:
                return False
        for container in self.containers:
            if not container.terminated:
                container.wait("ContainerCreating")
        return True

    def _supervisor(self, container: Container) -> Supervisor:
        policy = self.pod["spec"].get("restartPolicy", "Always")
        return Supervisor(self._node, container, self._report, policy)

    async def _supervise(self, container: Container) -> None:
        await self._persist(self._supervisor(container).run)

    async def _expire(self, seconds: float) -> None:
        """The Pod fails when its `activeDeadlineSeconds` have passed."""
        await self._node.clock.sleep(seconds)
        self._status.reason = "DeadlineExceeded"
        self._status.message = "Pod was active on the node longer than the specified deadline"
        self._report.tell("Normal", "DeadlineExceeded", self._status.message)
        own = asyncio.current_task()
        for task in [other for other in self._tasks if other is not own]:
            task.cancel()
        await self._end_processes(0)
        await self._finish("Failed")

    async def _finish(self, phase: str) -> None:
        """No container is to start again: the sidecars end, and the phase stays."""
        self._status.phase = phase
        own = asyncio.current_task()
        for task in [other for other in self._tasks if other is not own]:
            task.cancel()
        await self._end_processes(self.pod["spec"].get("terminationGracePeriodSeconds", 30))
        self._report.changed()

    def _status_body(self) -> Object:
        return self._status.body(self.init_containers, self.containers, self._node.now())

    async def stop(self, grace_seconds: float) -> None:
        """Every process of the Pod has ended; its files stay."""
        for task in list(self._tasks):
            task.cancel()
        await self._end_processes(grace_seconds)
        await self._report.stop()

    async def _end_processes(self, grace_seconds: float) -> None:
        """The containers end together, then the sidecars, the last one first; one grace for all."""
        sidecars = [sidecar for sidecar in self.init_containers if sidecar.sidecar]
        others = [*self.containers, *(c for c in self.init_containers if not c.sidecar)]
        begun = self._node.clock.time()
        for group in (others, *([sidecar] for sidecar in reversed(sidecars))):
            left = max(0.0, grace_seconds - (self._node.clock.time() - begun))
            running = [container for container in group if container.process and container.running]
            await asyncio.gather(*(self._end(container, left) for container in running))
        if self.folder.exists():
            await self._node.sweeper.sweep(self.folder)

    async def _end(self, container: Container, grace_seconds: float) -> None:
        code = await hooks.end(self._node, container, self._report, grace_seconds)
        container.ended(code, self._node.now())

    def kill(self) -> None:
        """End every process at once, without grace."""
        for container in (*self.containers, *self.init_containers):
            if container.process:
                container.process.send(KILL)

    async def terminate(self) -> None:
        """The Pod was deleted: end it gracefully, then let the API server forget it."""
        metadata = self.pod["metadata"]
        for container in (*self.containers, *self.init_containers):
            if container.running:
                self._report.tell(
                    "Normal", "Killing", f"Stopping container {container.name}", container
                )
        await self.stop(metadata.get("deletionGracePeriodSeconds", 30))
        shutil.rmtree(self.folder, ignore_errors=True)
        path = path_of("v1", "pods", metadata["namespace"], metadata["name"])
        await self._node.client.delete(
            path, gracePeriodSeconds=0, preconditions={"uid": metadata["uid"]}
        )
