"""A learner without a browser: what JupyterLab asks a room for, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
from yarl import URL

FIELD = re.compile(r'name="_xsrf" value="([^"]+)"')
SENTENCE = re.compile(r'role="alert">(.*?)</p>', re.DOTALL)
START_SECONDS = 180
EXPECTED = "raises-exception"
"""The tag of a cell that may fail: a refusal to read, or what is for the sandbox alone."""


class RefusedError(Exception):
    """The room said no; carries its sentence."""


class Learner:
    """One learner's cookies, seat and kernel, in the room at `url`.

    `authority` knows the room's certificate, where the system's own do not.
    """

    def __init__(self, url: str, *, authority: ssl.SSLContext | None = None) -> None:
        self.url = url.rstrip("/")
        self.base = ""
        self.user = ""
        jar = aiohttp.CookieJar(unsafe=True)  # an address that is a number has no cookies else
        self.http = aiohttp.ClientSession(
            cookie_jar=jar,
            timeout=aiohttp.ClientTimeout(60),
            connector=aiohttp.TCPConnector(ssl=authority) if authority else None,
        )
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._told: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listening: asyncio.Task[None] | None = None
        self.kernel = ""

    async def __aenter__(self) -> Learner:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.leave()

    async def leave(self) -> None:
        """The browser is closed; seat and kernel go on."""
        if self._socket is not None:
            await self._socket.close()
        await self.http.close()

    async def come_in(
        self, name: str, word: str, *, own_word: str = "", shares: bool = True
    ) -> None:
        """Send the form. Raises RefusedError with what the room says to it."""
        async with self.http.get(f"{self.url}/hub/login") as page:
            token = FIELD.search(await page.text())
        form = {
            "_xsrf": token[1] if token else "",
            "username": name,
            "word": word,
            "own_word": own_word,
            "shares": "yes" if shares else "no",
        }
        async with self.http.post(
            f"{self.url}/hub/login", data=form, allow_redirects=False
        ) as answer:
            if answer.status != 302:
                shown = await answer.text()
                said = SENTENCE.search(shown)
                raise RefusedError(unescape(said[1]) if said else shown)

    async def sit_down(self) -> str:
        """The seat is up and its first page is there; returns that page's address."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            async with self.http.get(f"{self.url}/hub/spawn") as page:
                if page.status >= 500:
                    raise RefusedError(await page.text())
                if "/user/" in (path := page.url.path):
                    self.user = path.split("/user/")[1].split("/")[0]
                    self.base = f"{self.url}/user/{self.user}"
                    return str(page.url)
                if "spawn-pending" in path:
                    await self._follow(path.rsplit("/", 1)[1])
        raise TimeoutError(f"no seat after {START_SECONDS} s")

    async def _follow(self, user: str) -> None:
        """Hear of the start, as the waiting page does, to its end."""
        async with self.http.get(f"{self.url}/hub/api/users/{user}/server/progress") as told:
            async for line in told.content:
                if b'"ready": true' in line or b'"failed": true' in line:
                    return

    def headers(self) -> dict[str, str]:
        """What a page of the seat adds to a request that changes something."""
        cookies = self.http.cookie_jar.filter_cookies(URL(f"{self.base}/"))
        return {"X-XSRFToken": cookies["_xsrf"].value if "_xsrf" in cookies else ""}

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """What the seat's server answers. Raises aiohttp.ClientResponseError."""
        async with self.http.request(
            method, f"{self.base}/{path}", headers=self.headers(), **options
        ) as answer:
            answer.raise_for_status()
            return await answer.json() if answer.content_type == "application/json" else None

    async def open(self, notebook: str) -> dict[str, Any]:
        """A notebook with its kernel, as after a click on it; returns the notebook."""
        file: dict[str, Any] = await self.ask("GET", f"api/contents/{notebook}")
        session = {
            "path": notebook,
            "name": Path(notebook).name,
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        opened = await self.ask("POST", "api/sessions", json=session)
        self.kernel = opened["kernel"]["id"]
        if self._socket is not None:
            await self._socket.close()
        self._socket = await self.http.ws_connect(
            f"{self.base}/api/kernels/{self.kernel}/channels", max_msg_size=0
        )
        self._told = asyncio.Queue()
        self._listening = asyncio.create_task(_listen(self._socket, self._told))
        return dict(file["content"])

    async def run(self, code: str, *, seconds: float = 60) -> str:
        """Run a cell to its end; returns what it printed, showed and its value.

        Raises RuntimeError where it fails.
        """
        if self._socket is None:
            raise RuntimeError("open a notebook first")
        message = uuid.uuid4().hex
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        await self._socket.send_str(json.dumps(_request(message, content)))
        return await asyncio.wait_for(self._output(message), seconds)

    async def run_notebook(
        self, notebook: str, *, before_each: Callable[[], Awaitable[None]] | None = None
    ) -> list[float]:
        """Run all its cells; returns the seconds of each.

        `before_each` is what the learner does before the next cell, such as to read.
        Raises RuntimeError for a cell that fails, unless it is tagged as one that may.
        """
        opened, seconds = await self.open(notebook), []
        for cell in opened["cells"]:
            if cell["cell_type"] != "code":
                continue
            if before_each is not None:
                await before_each()
            may_fail = EXPECTED in cell["metadata"].get("tags", ())
            source, begun = cell["source"], time.monotonic()
            with suppress(RuntimeError) if may_fail else nullcontext():
                await self.run(source if isinstance(source, str) else "".join(source), seconds=300)
            seconds.append(time.monotonic() - begun)
        return seconds

    async def solve(self, lab: str) -> None:
        """Start a lab, take its solution and pass its check."""
        await self.run(f"from irsa_course import lab; room_lab = lab({lab!r})")
        await self.run("room_lab.start(); room_lab.solution(apply=True)", seconds=120)
        await self.run("assert room_lab.check().passed", seconds=120)

    async def _output(self, message: str) -> str:
        said = ""
        while (told := await self._told.get()) is not None:
            if told.get("parent_header", {}).get("msg_id") != message:
                continue
            kind, content = told["msg_type"], told["content"]
            if kind == "stream":
                said += content["text"]
            elif kind in ("execute_result", "display_data"):
                data = content["data"]
                said += data.get("text/html") or data.get("text/plain", "")
            elif kind == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return said
        raise RuntimeError("the kernel's connection was closed")


async def _listen(
    socket: aiohttp.ClientWebSocketResponse, told: asyncio.Queue[dict[str, Any] | None]
) -> None:
    """Take what the kernel tells, to its end: a ping is answered also while a learner reads."""
    async for frame in socket:
        if frame.type is aiohttp.WSMsgType.ERROR:
            break
        told.put_nowait(json.loads(frame.data))
    told.put_nowait(None)


def _request(message: str, content: dict[str, Any]) -> dict[str, Any]:
    header = {
        "msg_id": message,
        "msg_type": "execute_request",
        "username": "learner",
        "session": message,
        "date": "",
        "version": "5.3",
    }
    return {
        "channel": "shell",
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }
