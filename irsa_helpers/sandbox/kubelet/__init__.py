"""The kubelet of the sandbox's one node: Pods as local processes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from irsa_helpers.sandbox.apiclient import ApiClient, ApiError, Informer, Object, path_of
from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.controllers.events import EventRecorder
from irsa_helpers.sandbox.kubelet.container import Container
from irsa_helpers.sandbox.kubelet.processes import reap
from irsa_helpers.sandbox.kubelet.streams import ExecSession, follow
from irsa_helpers.sandbox.kubelet.worker import Node, PodWorker
from irsa_helpers.sandbox.trace import Trace


class Kubelet:
    """Runs the Pods that are bound to its node; `.app` serves their logs and exec."""

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
    ) -> None:
        self._client = client
        self._clock = clock
        self._node_body = node
        self._name = node["metadata"]["name"]
        self._token = token
        events = EventRecorder(client, clock, "kubelet", self._name)
        self._node = Node(client, clock, trace, events, directory, node_environment)
        self._pods = Informer(client, path_of("v1", "pods"), self._on_change)
        self._workers: dict[str, PodWorker] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self.app = Starlette(
            routes=[
                Route("/containerLogs/{namespace}/{pod}/{container}", self._logs),
                WebSocketRoute("/exec/{namespace}/{pod}/{container}", self._exec),
            ]
        )

    async def start(self) -> None:
        """The Node is Ready, and its Pods run."""
        reap(self._node.directory)
        try:
            await self._client.create(path_of("v1", "nodes"), self._node_body)
        except ApiError as error:
            if error.status != 409:
                raise
            path = path_of("v1", "nodes", "", self._name, "status")
            await self._client.patch(path, {"status": self._node_body["status"]})
        await self._pods.start()

    async def stop(self) -> None:
        """Every process of every Pod has ended."""
        await self._pods.stop()
        workers = [worker.stop(0) for worker in self._workers.values()]
        await asyncio.gather(*workers, *self._ending.values(), return_exceptions=True)
        await self._client.close()

    def _on_change(self, pod: Object) -> None:
        if pod["spec"].get("nodeName") != self._name:
            return
        uid = pod["metadata"]["uid"]
        worker = self._workers.get(uid)
        gone = (pod["metadata"]["namespace"], pod["metadata"]["name"]) not in self._pods.objects
        if pod["metadata"].get("deletionTimestamp") or gone:
            self._end(uid, pod)
        elif worker is None and pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}:
            self._workers[uid] = PodWorker(self._node, pod)
            self._workers[uid].start()

    def _end(self, uid: str, pod: Object) -> None:
        """End a Pod once; one that never ran here is only taken off the books."""
        if uid in self._ending:
            return
        worker = self._workers.get(uid) or PodWorker(self._node, pod)
        worker.pod["metadata"] = pod["metadata"]
        task = asyncio.create_task(worker.terminate(), name=f"end {pod['metadata']['name']}")
        self._ending[uid] = task
        task.add_done_callback(lambda _: self._forget(uid))

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
                found := worker.find(wanted["container"])
            ):
                return found
        raise HTTPException(404)

    async def _logs(self, request: Request) -> Response:
        container = self._find(request)
        query = request.query_params
        previous = query.get("previous") == "true"
        pod = request.path_params["pod"]
        path = container.log(previous)
        if previous and not container.restarts:
            text = f'previous terminated container "{container.name}" in pod "{pod}" not found'
            return PlainTextResponse(text, 400)
        if not path.exists():
            reason = container.state.get("waiting", {}).get("reason", "ContainerCreating")
            text = f'container "{container.name}" in pod "{pod}" is waiting to start: {reason}'
            return PlainTextResponse(text, 400)
        tail = int(query["tailLines"]) if "tailLines" in query else None
        on = query.get("follow") == "true"
        return StreamingResponse(follow(container, path, tail=tail, on=on))

    async def _exec(self, socket: WebSocket) -> None:
        container = self._find(socket)
        if not container.running:
            await socket.close(1008, f"container not found ({container.name!r})")
            return
        await ExecSession(socket, container).run()
