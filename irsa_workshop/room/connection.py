"""A kernel's connection as JupyterLab keeps it: one that ends is made again, for the same session.

What the kernel said meanwhile, the server has kept for that session. Source: KernelConnection of
@jupyterlab/services, `_reconnect`; start_buffering of jupyter_server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

MOST_TRIES = 7


class Connection:
    """What one kernel is asked and says, at `url`; `again`: how often it was made once more."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.session = uuid.uuid4().hex
        self.again = 0
        self._http = http
        self._url = f"{url}?session_id={self.session}"
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._open = asyncio.Event()
        self._ended = ""
        self._said: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """It is there. Raises aiohttp.ClientError."""
        await self._connect()
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """It ends, and is not made again; the kernel goes on."""
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        await self.lose()

    async def lose(self) -> None:
        """The connection that is there ends, as where a network fails."""
        if self._socket is not None:
            await self._socket.close()

    async def send(self, message: dict[str, Any]) -> None:
        """Ask the kernel, once there is a connection. Raises RuntimeError where none comes."""
        while True:
            await self._open.wait()
            socket = self._socket
            if self._ended or socket is None:
                raise RuntimeError(self._ended or "open it first")
            try:
                return await socket.send_str(json.dumps(message))
            except ConnectionError:
                if socket is self._socket:  # else another is there already
                    self._open.clear()

    async def answers(self, message: str) -> AsyncIterator[dict[str, Any]]:
        """What the kernel says to that message. Raises RuntimeError where no connection is left."""
        while (said := await self._said.get()) is not None:
            if said.get("parent_header", {}).get("msg_id") == message:
                yield said
        raise RuntimeError(self._ended)

    async def _connect(self) -> None:
        self._socket = await self._http.ws_connect(self._url, max_msg_size=0)
        self._open.set()

    async def _listen(self) -> None:
        """Take what the kernel says, also while nobody asks: a server that is not answered for 90
        seconds closes the connection. Source: jupyter_server, WebSocketMixin.ping_timeout.
        """
        while True:
            with contextlib.suppress(ConnectionError):  # an answer to a ping that comes too late
                await self._hear()
            self._open.clear()
            if not await self._come_again():
                break
        self._open.set()
        self._said.put_nowait(None)

    async def _hear(self) -> None:
        assert self._socket is not None
        async for frame in self._socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                self._said.put_nowait(json.loads(frame.data))

    async def _come_again(self) -> bool:
        """A few tries, each after a longer while, so that a whole room does not come at once."""
        how = f"its connection ended with {self._socket and self._socket.close_code}"
        for number in range(MOST_TRIES):
            await asyncio.sleep(random.uniform(0, 2**number - 1))
            try:
                await self._connect()
            except (aiohttp.ClientError, OSError) as error:
                how = f"{how}; {error}"
                continue
            self.again += 1
            return True
        self._ended = f"the kernel is out of reach: {how}"
        return False
