"""Streams on a WebSocket: what `kubectl exec` and `kubectl attach` speak with a kubelet.

Kubernetes' protocol v5.channel.k8s.io: the first byte of a frame is its channel: 0 stdin, 1 stdout,
2 stderr, 3 the final Status, 4 the terminal's size, 255 end of one. Source: KEP-4006.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

from starlette.websockets import WebSocket, WebSocketDisconnect

from irsa_sandbox.apiclient import Object

PROTOCOL = "v5.channel.k8s.io"
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
SUCCESS: Object = {"metadata": {}, "status": "Success"}


class Channels:
    """The channels of one session, and what its client asked for."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._sending = asyncio.Lock()

    def wants(self, stream: str) -> bool:
        """Whether the client asked for `stdin`, `stdout`, `stderr` or `tty`."""
        return self._socket.query_params.get(stream) in {"1", "true"}

    async def open(self) -> None:
        """Take the session."""
        await self._socket.accept(subprotocol=PROTOCOL)

    async def close(self, status: Object) -> None:
        """End the session; the last frame says how it went."""
        await self.send(ERROR, json.dumps(status).encode())
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close()

    async def send(self, channel: int, content: bytes) -> None:
        """A frame to the client; one that is gone gets nothing."""
        async with self._sending:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.send_bytes(bytes([channel]) + content)

    async def receive(self) -> tuple[int, bytes]:
        """(channel, content) of the next frame. Raises WebSocketDisconnect."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            frame = message.get("bytes") or (message.get("text") or "").encode()
            if frame:
                return frame[0], frame[1:]
