"""The kubelet itself: it follows the Pods that are bound to its node, and runs each."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from irsa_sandbox.apiclient import ApiClient, ApiError, Informer, Object, path_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.base.events import EventRecorder
from irsa_sandbox.kubelet.containers import logs
from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.containers.context import Node
from irsa_sandbox.kubelet.programs.environment import service_environment
from irsa_sandbox.kubelet.programs.reaping import Sweeper, Warden, reap
from irsa_sandbox.kubelet.registration import Registration
from irsa_sandbox.kubelet.streams import AttachSession, ExecSession
from irsa_sandbox.kubelet.worker import PodWorker
from irsa_sandbox.loops import keep_running
from irsa_sandbox.trace import Trace


class Kubelet:
    """Runs the Pods that are bound to its node; `.app` serves their logs and exec.

    `node_environment` is what a Pod would reach over the network: every container gets it, with
    the Pod's uid in place of `{pod}`.
    `addresses` maps link-local origins to where they are served on this machine.
    """

    def __init__(
        self,
        client: ApiClient,
        clock: Clock,
        trace: Trace,
        *,
        directory: Path,
        node: Object,
        node_environment: Mapping[str, str],
        token: str,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        # Resolved: processes are recognized by the paths that the system gives them.
        directory = directory.resolve()
        self._client = client
        self._clock = clock
        self._name = node["metadata"]["name"]
        self._token = token
        self._registration = Registration(client, clock, node)
        self._events = EventRecorder(client, clock, "kubelet", self._name)
        environment = {**service_environment(client.server_url), **node_environment}
        self._node = Node(
            client=client,
            clock=clock,
            trace=trace,
            events=self._events,
            directory=directory,
            environment=environment,
            addresses=addresses or {},
            sweeper=Sweeper(),
            region=node["metadata"]["labels"]["topology.kubernetes.io/region"],
            allocatable=node["status"]["allocatable"],
        )
        self._warden = Warden(directory)
        self._pods = Informer(client, path_of("v1", "pods"), self._on_change)
        self._sources = [
            Informer(client, path_of("v1", plural), partial(self._on_source_change, plural))
            for plural in ("configmaps", "secrets")
        ]
        self._workers: dict[str, PodWorker] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._clock_task: asyncio.Task[None] | None = None
        self.app = Starlette(
            routes=[
                Route("/containerLogs/{namespace}/{pod}/{container}", self._logs),
                WebSocketRoute("/exec/{namespace}/{pod}/{container}", self._exec),
                WebSocketRoute("/attach/{namespace}/{pod}/{container}", self._attach),
            ]
        )

    async def start(self) -> None:
        """The Node is Ready, and its Pods run; those of before a restart too."""
        self._node.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(reap, self._node.directory)
        await self._warden.start()
        await self._registration.start()
        await self._pods.start()
        for informer in self._sources:
            await informer.start()
        self._clock_task = asyncio.create_task(
            keep_running("kubelet clock", self._follow_clock), name="kubelet clock"
        )
        for folder in self._node.directory.iterdir():
            if folder.name not in self._workers and folder.name not in self._ending:
                shutil.rmtree(folder, ignore_errors=True)

    async def stop(self) -> None:
        """Every process of every Pod has ended."""
        if self._clock_task:
            self._clock_task.cancel()
        for informer in (self._pods, *self._sources):
            await informer.stop()
        await self._registration.stop()
        for task in self._ending.values():
            task.cancel()
        workers = [worker.stop(0) for worker in self._workers.values()]
        await asyncio.gather(*workers, *self._ending.values(), return_exceptions=True)
        await self._warden.stop()
        await self._events.stop()
        await self._client.close()

    def pod(self, uid: str) -> Object | None:
        """The Pod of that uid, while it is known here."""
        known = self._pods.objects.values()
        return next((pod for pod in known if pod["metadata"]["uid"] == uid), None)

    async def _follow_clock(self) -> None:
        """Where the time of a Pod is moved, its containers lose the credentials that they kept."""
        while True:
            await self._clock.moved()
            for worker in self._workers.values():
                worker.follow_clock()

    def _on_source_change(self, plural: str, body: Object) -> None:
        """A ConfigMap or Secret changed: the volumes that show it follow."""
        for worker in self._workers.values():
            worker.source_changed(plural, body)

    def _on_change(self, pod: Object) -> None:
        if pod["spec"].get("nodeName") != self._name:
            return
        metadata = pod["metadata"]
        worker = self._workers.get(metadata["uid"])
        known = self._pods.objects.get((metadata["namespace"], metadata["name"]))
        gone = known is None or known["metadata"]["uid"] != metadata["uid"]
        if gone:
            self._end(
                pod | {"metadata": {"deletionGracePeriodSeconds": 0} | metadata}, at_once=True
            )
        elif metadata.get("deletionTimestamp"):
            self._end(pod)
        elif worker is not None:
            worker.update(pod)
        else:
            self._begin(pod)

    def _begin(self, pod: Object) -> None:
        """Run a new Pod; an unexpected error is told in an Event."""
        try:
            worker = PodWorker(self._node, pod)
        except Exception as error:
            text = f"error syncing pod, skipping: {type(error).__name__}: {error}"
            about = {"apiVersion": "v1", "kind": "Pod"} | pod
            self._events.record(about, "Warning", "FailedSync", text)
            raise
        self._workers[pod["metadata"]["uid"]] = worker
        worker.start()

    def _end(self, pod: Object, *, at_once: bool = False) -> None:
        """End a Pod once; one that never ran here is only deleted at the API server."""
        uid = pod["metadata"]["uid"]
        if uid in self._ending:
            if at_once and (worker := self._workers.get(uid)):
                worker.kill()
            return
        worker = self._workers.get(uid) or PodWorker(self._node, pod)
        worker.update(pod)
        task = asyncio.create_task(self._terminate(worker), name=f"end {pod['metadata']['name']}")
        self._ending[uid] = task
        task.add_done_callback(lambda _: self._forget(uid))

    async def _terminate(self, worker: PodWorker) -> None:
        """The Pod has ended, and the API server knows it, however long that takes."""
        while True:
            try:
                await worker.terminate()
            except ApiError:
                await asyncio.sleep(1)
            else:
                return

    def _forget(self, uid: str) -> None:
        self._workers.pop(uid, None)
        self._ending.pop(uid, None)

    def _find(self, connection: HTTPConnection) -> Container:
        """The container of a request. Raises HTTPException 401 or 404."""
        given = connection.headers.get("authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise HTTPException(401)
        wanted = connection.path_params
        for worker in self._workers.values():
            metadata = worker.pod["metadata"]
            place = (metadata["namespace"], metadata["name"])
            if place == (wanted["namespace"], wanted["pod"]) and (
                container := worker.find(wanted["container"])
            ):
                return container
        raise HTTPException(404, f'pod "{wanted["pod"]}" not found')

    async def _logs(self, request: Request) -> Response:
        container = self._find(request)
        previous = request.query_params.get("previous") == "true"
        path = container.log_path(previous)
        if not path.exists() and not previous and container.restarts:
            # The next run has not begun: the log is still that of the last one.
            path = container.log_path(previous=True)
        if not path.exists():
            return PlainTextResponse(_no_log(container, request.path_params["pod"], previous), 400)
        clock = self._clock.of(request.path_params["namespace"])
        try:
            options = logs.LogOptions.from_query(request.query_params, clock.now())
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        live = container.log if container.log and container.log.path == path else None
        return StreamingResponse(logs.read(path, options, live))

    async def _exec(self, socket: WebSocket) -> None:
        container = self._find(socket)
        if container.running:
            await ExecSession(socket, container).run()
        else:
            await _refuse(socket, f'container not found ("{container.name}")')

    async def _attach(self, socket: WebSocket) -> None:
        container, wanted = self._find(socket), socket.path_params
        if container.running:
            await AttachSession(socket, container).run()
        else:
            pod = f"{wanted['pod']}_{wanted['namespace']}"
            await _refuse(socket, f"container {container.name} not found in pod {pod}")


async def _refuse(socket: WebSocket, why: str) -> None:
    with contextlib.suppress(RuntimeError):
        text = f"unable to upgrade connection: {why}"
        await socket.send_denial_response(PlainTextResponse(text, 500))


def _no_log(container: Container, pod: str, previous: bool) -> str:
    if previous:
        return f'previous terminated container "{container.name}" in pod "{pod}" not found'
    reason = container.state.get("waiting", {}).get("reason", "ContainerCreating")
    shown = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }.get(reason, reason)
    return f'container "{container.name}" in pod "{pod}" is waiting to start: {shown}'
