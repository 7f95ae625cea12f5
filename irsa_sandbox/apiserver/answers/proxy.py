"""Logs, exec and attach, passed on to the kubelet of the Pod's node.

The kubelet serves them on loopback, behind a token that it shares with the API server.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from irsa_sandbox.apiserver.ground.status import StatusError, bad_request, not_found
from irsa_sandbox.apiserver.kinds.nodes import NODE
from irsa_sandbox.apiserver.kinds.pods import POD
from irsa_sandbox.apiserver.store.storage import Object, Store

EXEC_PROTOCOL = "v5.channel.k8s.io"
LARGEST_FRAME = 2**24


class KubeletProxy:
    """Reaches the kubelet that a Node object names."""

    def __init__(self, store: Store, token: str) -> None:
        self._store = store
        self._headers = {"Authorization": f"Bearer {token}"}

    async def logs(self, pod: Object, request: Request) -> Response:
        """The kubelet's answer, streamed; empty for a Pod that has no node yet.

        Raises StatusError 400 where there is no log yet.
        """
        if not pod["spec"].get("nodeName"):
            _container(pod, request.query_params.get("container"))
            return Response(media_type="text/plain")
        container = _container(pod, request.query_params.get("container"))
        url = f"http://{self._address(pod)}/containerLogs/{_path(pod, container)}"
        query = {k: v for k, v in request.query_params.items() if k != "container"}
        endless = aiohttp.ClientTimeout(total=None)
        async with contextlib.AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession(timeout=endless))
            asked = session.get(url, params=query, headers=self._headers)
            answer = await stack.enter_async_context(asked)
            if answer.status >= 400:
                raise bad_request(await answer.text())
            opened = stack.pop_all()  # closed when the log has been passed on

        async def body() -> AsyncIterator[bytes]:
            async with opened:
                async for chunk in answer.content.iter_any():
                    yield chunk

        return StreamingResponse(body(), media_type="text/plain")

    async def stream(self, kind: str, pod: Object, socket: WebSocket) -> None:
        """Both directions of an exec or attach session, frame by frame."""
        container = _container(pod, socket.query_params.get("container"))
        path = f"/{kind}/{_path(pod, container)}?{socket.url.query}"
        address = self._address(pod)
        _check_running(kind, pod, container)
        async with connect(
            f"ws://{address}{path}",
            subprotocols=[Subprotocol(EXEC_PROTOCOL)],
            additional_headers=self._headers,
            max_size=LARGEST_FRAME,
            proxy=None,
        ) as kubelet:
            await socket.accept(subprotocol=EXEC_PROTOCOL)
            upward = asyncio.create_task(_pump_up(socket, kubelet))
            try:
                async for frame in kubelet:
                    await socket.send_bytes(frame if isinstance(frame, bytes) else frame.encode())
            except (ConnectionClosed, WebSocketDisconnect):
                return
            finally:
                upward.cancel()
        await socket.close()

    def check_upgrade(self, kind: str, pod: Object, container: str | None) -> None:
        """Raises StatusError: exec and attach need a connection that can be upgraded."""
        self._address(pod)
        _check_running(kind, pod, _container(pod, container))
        raise bad_request("Upgrade request required")

    def _address(self, pod: Object) -> str:
        name = pod["spec"].get("nodeName")
        if not name:
            raise bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
        node = self._store.get((NODE.qualified, "", name))
        if node is None:
            # The API server speaks of a Pod where it means the Node.
            raise not_found(POD, name)
        status = node["status"]
        addresses = status.get("addresses") or []
        host = next((a["address"] for a in addresses if a["type"] == "InternalIP"), None)
        if host is None:
            text = f"no preferred addresses found; known addresses: {addresses}"
            raise StatusError(500, "", text)
        port = status["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        return f"{host}:{port}"


async def _pump_up(socket: WebSocket, kubelet: object) -> None:
    """What the client sends, to the kubelet."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            await kubelet.close()  # type: ignore[attr-defined]
            return
        frame = message.get("bytes")
        await kubelet.send(  # type: ignore[attr-defined]
            frame if frame is not None else message["text"].encode()
        )


def _check_running(kind: str, pod: Object, container: str) -> None:
    """Raises StatusError 500 where there is no process to reach, as the kubelet says it."""
    status = pod.get("status") or {}
    known = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    if not any(
        container_status["name"] == container and "running" in container_status["state"]
        for container_status in known
    ):
        metadata = pod["metadata"]
        said = {
            "exec": f'container not found ("{container}")',
            "attach": f"container {container} not found in pod {metadata['name']}_"
            f"{metadata['namespace']}",
        }
        raise StatusError(500, "InternalError", said[kind])


def _container(pod: Object, name: str | None) -> str:
    """The container asked for; the only one where none is named."""
    containers = [container["name"] for container in pod["spec"]["containers"]]
    others = [container["name"] for container in pod["spec"].get("initContainers", ())]
    pod_name = pod["metadata"]["name"]
    if name is None:
        if len(containers) > 1:
            listed = " ".join(containers)
            raise bad_request(
                f"a container name must be specified for pod {pod_name}, choose one of: [{listed}]"
            )
        return str(containers[0])
    if name not in [*containers, *others]:
        raise StatusError(400, "BadRequest", f"container {name} is not valid for pod {pod_name}")
    return name


def _path(pod: Object, container: str) -> str:
    metadata = pod["metadata"]
    return "/".join(quote(part) for part in (metadata["namespace"], metadata["name"], container))
