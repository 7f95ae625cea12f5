"""A call as it goes over the wire, and what came back."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IDLE_SECONDS = 2  # the server hangs up after five
WATCH_SECONDS = 0.02  # an answer without end is read this long


@dataclass(frozen=True)
class Call:
    """One HTTP request. `who` names credentials of the sandbox, `server` one of its servers."""

    server: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    who: str = "admin"
    endless: bool = False

    def shown(self) -> dict[str, Any]:
        """The call as JSON-able data, from which it can be made again."""
        return vars(self) | {"headers": dict(self.headers), "body": self.body.decode("latin-1")}


@dataclass(frozen=True)
class Reply:
    """An answer with its headers in lower case, and how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Connection:
    """A connection to one server, kept open from call to call."""

    def __init__(self, url: str) -> None:
        scheme, _, self._place = url.partition("://")
        self._context = ssl._create_unverified_context() if scheme == "https" else None
        self._open: http.client.HTTPConnection | None = None
        self._used = 0.0

    def send(self, call: Call, headers: Mapping[str, str]) -> Reply:
        """The answer. Raises OSError or HTTPException where the server hangs up."""
        if time.monotonic() - self._used > IDLE_SECONDS:
            self.close()
        connection = self._open or self._connect()
        self._open = None
        begun = time.perf_counter()
        connection.putrequest(call.method, call.path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1", "replace"))
        if call.body or call.method in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(len(call.body)))
        connection.endheaders(call.body or None)
        response = connection.getresponse()
        if call.endless and response.status == 200 and response.length is None:
            taken = time.perf_counter() - begun
            reply = Reply(200, _lower(response), _started(connection, response), taken)
            connection.close()
            return reply
        body = response.read()
        reply = Reply(response.status, _lower(response), body, time.perf_counter() - begun)
        if not response.will_close:
            self._open = connection
            self._used = time.monotonic()
        return reply

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connect(self) -> http.client.HTTPConnection:
        if self._context is None:
            connection = http.client.HTTPConnection(self._place, timeout=60)
        else:
            connection = http.client.HTTPSConnection(self._place, timeout=60, context=self._context)
        connection._validate_path = lambda url: None  # type: ignore[attr-defined,method-assign]
        connection.connect()  # what a handshake takes is not the answer's time
        return connection


def _lower(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _started(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> bytes:
    """The whole lines that a watch sends at once."""
    parts: list[bytes] = []
    if connection.sock is not None:
        connection.sock.settimeout(WATCH_SECONDS)
    try:
        while part := response.read1(65_536):
            parts.append(part)
    except (TimeoutError, OSError):
        pass  # nothing more for now
    return b"".join(parts).rpartition(b"\n")[0]
