"""A learner without a browser: what JupyterLab asks a room for, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext, suppress
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
from yarl import URL

from irsa_workshop.room.connection import Connection

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
        self.connection: Connection | None = None
        self._again = 0
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

    @property
    def connected_again(self) -> int:
        """How often a kernel's connection was lost and made once more."""
        return self._again + (self.connection.again if self.connection else 0)

    async def leave(self) -> None:
        """The browser is closed; seat and kernel go on."""
        if self.connection is not None:
            await self.connection.close()
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
        if self.connection is not None:
            await self.connection.close()
            self._again += self.connection.again
        address = f"{self.base}/api/kernels/{self.kernel}/channels"
        self.connection = Connection(self.http, address)
        await self.connection.open()
        return dict(file["content"])

    async def run(self, code: str, *, seconds: float = 60) -> str:
        """Run a cell to its end; returns what it printed, showed and its value.

        Raises RuntimeError where it fails.
        """
        if self.connection is None:
            raise RuntimeError("open a notebook first")
        request = _request(code, self.connection.session)
        await self.connection.send(request)
        answers = self.connection.answers(request["header"]["msg_id"])
        return await asyncio.wait_for(_output(answers), seconds)

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


async def _output(answers: AsyncIterator[dict[str, Any]]) -> str:
    """What a cell says until it has ended. Raises RuntimeError where it fails."""
    said = ""
    async for answer in answers:
        kind, content = answer["msg_type"], answer["content"]
        if kind == "stream":
            said += content["text"]
        elif kind in ("execute_result", "display_data"):
            shown = content["data"]
            said += shown.get("text/html") or shown.get("text/plain", "")
        elif kind == "error":
            raise RuntimeError("\n".join(content["traceback"]))
        elif kind == "status" and content["execution_state"] == "idle":
            break
    return said


def _request(code: str, session: str) -> dict[str, Any]:
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "username": "learner",
        "session": session,
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
