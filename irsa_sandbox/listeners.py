"""The sandbox's servers: loopback sockets, TLS, Host check, start and stop."""

from __future__ import annotations

import asyncio
import asyncio.sslproto
import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from irsa_helpers.ground.state import read_object, write_private
from irsa_sandbox.bodies import closing_unread
from irsa_sandbox.certificates import ServerCertificate

LOOPBACK = "127.0.0.1"
# Connections of clients that pause stay open: a request on one that just ends is lost, and a client
# does not repeat what may have been done. Source: Kubernetes,
# apiserver/pkg/server/secure_serving.go: IdleTimeout.
BACKLOG = 512  # connections that wait to be accepted
KEEP_ALIVE_SECONDS = 90
# Source: Go, net/http: DefaultMaxHeaderBytes, and what its server says.
LARGEST_HEAD = 2**20
HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\n431 Request Header Fields Too Large"
)


# Of each TLS connection's buffer: asyncio's own 256 KiB twice are 10 MB for the cluster's parts.
asyncio.sslproto.SSLProtocol.max_size = 2**16


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 with a limit for a request's head: before its end no caller is known."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self.transport.write(HEAD_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listeners:
    """Named servers on loopback; each keeps its port from one start to the next where it can."""

    def __init__(self, ports_file: Path) -> None:
        self._ports_file = ports_file
        self._sockets: dict[str, socket.socket] = {}
        self._servers: list[_Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        earlier = read_object(ports_file) or {}
        self._earlier = {name: port for name, port in earlier.items() if _is_port(port)}

    def bind(self, *names: str) -> dict[str, int]:
        """Take a port for each name and remember them all; returns name -> port."""
        for name in names:
            self._sockets[name] = _bind(self._earlier.get(name, 0))
        ports = {name: bound.getsockname()[1] for name, bound in self._sockets.items()}
        write_private(self._ports_file, json.dumps(ports))
        return ports

    async def serve(
        self,
        name: str,
        app: Any,
        *,
        certificate: ServerCertificate | None = None,
        hosts: tuple[str, ...] = (),
    ) -> None:
        """Answer on the port of that name; return when the server accepts connections.

        A request whose Host header is neither loopback nor in `hosts` is refused, so that a web
        page cannot reach the sandbox through a name of its own that resolves to loopback.
        """
        allowed = [LOOPBACK, "localhost", *hosts]
        config = uvicorn.Config(
            TrustedHostMiddleware(closing_unread(app), allowed_hosts=allowed, www_redirect=False),
            http=_Protocol,
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            ws_max_size=2**24,
            ssl_keyfile=str(certificate.key_file) if certificate else None,
            ssl_certfile=str(certificate.chain_file) if certificate else None,
        )
        server = _Server(config)
        bound = self._sockets[name]
        self._servers.append(server)
        self._tasks.append(asyncio.create_task(server.serve(sockets=[bound]), name=f"serve {name}"))
        while not server.started:
            await asyncio.sleep(0.001)

    async def stop(self) -> None:
        """Stop accepting, let running answers end, close the sockets."""
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for bound in self._sockets.values():
            bound.close()


def _is_port(port: Any) -> bool:
    return type(port) is int and 0 < port < 2**16


def _bind(wanted: int) -> socket.socket:
    """A loopback socket that holds the wanted port where it is free, else any."""
    if wanted:
        with contextlib.suppress(OSError):
            return _held(wanted, reuse=True)
    # Whoever would reuse any port may be given one that another sandbox has bound a moment ago.
    return _held(0, reuse=False)


def _held(port: int, *, reuse: bool) -> socket.socket:
    """A socket that listens on that port: nobody else can. Raises OSError where somebody does."""
    # With the protocol named, asyncio sets TCP_NODELAY: without it answers wait 40 ms for an ACK.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        _let_reuse(bound, reuse)
        bound.bind((LOOPBACK, port))
        _let_reuse(bound, True)  # the next start has this port, whatever connections linger
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _let_reuse(bound: socket.socket, reuse: bool) -> None:
    if os.name != "nt":  # there it would let two servers share a port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
