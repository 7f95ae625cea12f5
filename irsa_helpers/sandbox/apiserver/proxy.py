"""Logs and exec, passed on to the kubelet of the Pod's node.

The kubelet serves them on loopback, behind a token that it shares with the API server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from irsa_helpers.sandbox.apiserver.status import StatusError, bad_request
from irsa_helpers.sandbox.apiserver.storage import Object, Store

EXEC_PROTOCOL = "v5.channel.k8s.io"
LARGEST_FRAME = 2**24


class KubeletProxy:
    """Reaches the kubelet that a Node object names."""

    def __init__(self, store: Store, token: str) -> None:
        self._store = store
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(trust_env=False, timeout=None)

    async def logs(self, pod: Object, request: Request) -> Response:
        """The kubelet's answer, streamed. Raises StatusError 400 where there is no log yet."""
        container = _container(pod, request.query_params.get("container"))
        url = f"http://{self._address(pod)}/containerLogs/{_path(pod, container)}"
        query = {k: v for k, v in request.query_params.items() if k != "container"}
        outgoing = self._client.build_request("GET", url, params=query, headers=self._headers)
        answer = await self._client.send(outgoing, stream=True)
        if answer.status_code >= 400:
            text = (await answer.aread()).decode()
            await answer.aclose()
            raise bad_request(text)

        async def body() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.aiter_raw():
                    yield chunk
            finally:
                await answer.aclose()

        return StreamingResponse(body(), media_type="text/plain")

    async def exec(self, pod: Object, socket: WebSocket) -> None:
        """Both directions of an exec session, frame by frame."""
        container = _container(pod, socket.query_params.get("container"))
        path = f"/exec/{_path(pod, container)}?{socket.url.query}"
        await socket.accept(subprotocol=EXEC_PROTOCOL)
        async with connect(
            f"ws://{self._address(pod)}{path}",
            subprotocols=[Subprotocol(EXEC_PROTOCOL)],
            additional_headers=self._headers,
            max_size=LARGEST_FRAME,
            proxy=None,
        ) as kubelet:
            upward = asyncio.create_task(_pump_up(socket, kubelet))
            try:
                async for frame in kubelet:
                    await socket.send_bytes(frame if isinstance(frame, bytes) else frame.encode())
            except (ConnectionClosed, WebSocketDisconnect):
                return
            finally:
                upward.cancel()
        await socket.close()

    def _address(self, pod: Object) -> str:
        node = self._store.get(("nodes", "", pod["spec"].get("nodeName", "")))
        if node is None:
            name = pod["metadata"]["name"]
            raise bad_request(f"pod {name} does not have a host assigned")
        status = node["status"]
        host = next(a["address"] for a in status["addresses"] if a["type"] == "InternalIP")
        port = status["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        return f"{host}:{port}"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


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


def _container(pod: Object, name: str | None) -> str:
    """The container asked for; the only one where none is named."""
    containers = [each["name"] for each in pod["spec"]["containers"]]
    others = [each["name"] for each in pod["spec"].get("initContainers", ())]
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
