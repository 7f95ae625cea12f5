"""`kubectl logs` and `kubectl exec`: the kubelet's own small server.

Exec speaks Kubernetes' WebSocket protocol v5.channel.k8s.io: the first byte of a frame is its
channel: 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 the terminal's size, 255 end of one.
Source: KEP-4006.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.websockets import WebSocket, WebSocketDisconnect

from irsa_helpers.sandbox.apiclient import Object
from irsa_helpers.sandbox.kubelet import processes
from irsa_helpers.sandbox.kubelet.container import Container
from irsa_helpers.sandbox.kubelet.runtimes import find_program

PROTOCOL = "v5.channel.k8s.io"
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
CHUNK = 32 * 1024
POLL_SECONDS = 0.05


async def follow(
    container: Container, path: Path, *, tail: int | None, on: bool
) -> AsyncIterator[bytes]:
    """The log from its last `tail` lines on; with `on`, what comes while the process runs."""
    with path.open("rb") as stream:
        if tail is not None:
            for line in deque(stream, maxlen=tail) if tail else ():
                yield line
            stream.seek(0, os.SEEK_END)
        while True:
            if chunk := stream.read(CHUNK):
                yield chunk
            elif on and container.running and container.log() == path:
                await asyncio.sleep(POLL_SECONDS)
            else:
                return


class ExecSession:
    """One command in a container, with its streams on a WebSocket."""

    def __init__(self, socket: WebSocket, container: Container) -> None:
        self._socket = socket
        self._container = container
        query = socket.query_params
        self._wants = {name: query.get(name) in {"1", "true"} for name in ("stdin", "tty")}
        self._command = container.paths.arguments(query.getlist("command"))
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Serve the session to its end; the last frame says how the command ended."""
        await self._socket.accept(subprotocol=PROTOCOL)
        program = find_program(self._command[0])
        if program is None:
            text = (
                "Internal error occurred: error executing command in container: "
                f'exec: "{self._command[0]}": executable file not found in $PATH'
            )
            await self._send(ERROR, json.dumps(_failure(text)).encode())
            await self._close()
            return
        words = [program, *self._command[1:]]
        code = await (self._terminal(words) if self._terminal_wanted() else self._pipes(words))
        await self._send(ERROR, json.dumps(_ended(code)).encode())
        await self._close()

    def _terminal_wanted(self) -> bool:
        return self._wants["tty"] and sys.platform != "win32"

    async def _pipes(self, words: list[str]) -> int:
        wants_stdin = self._wants["stdin"]
        process = await asyncio.create_subprocess_exec(
            *words,
            env=dict(self._container.environment),
            cwd=self._container.work_folder(),
            stdin=asyncio.subprocess.PIPE if wants_stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=processes.preparation(),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        upward = asyncio.create_task(self._feed(process))
        try:
            await asyncio.gather(
                self._drain(process.stdout, STDOUT), self._drain(process.stderr, STDERR)
            )
            return await process.wait()
        finally:
            upward.cancel()
            if process.returncode is None:
                await processes.end(process, 0)

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        """What the client types, to the process; a client that goes ends it."""
        try:
            while True:
                frame = await self._socket.receive_bytes()
                if frame[0] == STDIN and process.stdin:
                    process.stdin.write(frame[1:])
                    await process.stdin.drain()
                elif frame[0] == CLOSE and process.stdin:
                    process.stdin.close()
        except (WebSocketDisconnect, KeyError):
            await processes.end(process, 0)
        except (BrokenPipeError, ConnectionResetError):
            return

    async def _drain(self, stream: asyncio.StreamReader, channel: int) -> None:
        while chunk := await stream.read(CHUNK):
            await self._send(channel, chunk)

    async def _terminal(self, words: list[str]) -> int:
        """The command on a pseudo-terminal; both its streams come on stdout."""
        import pty

        outer, inner = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *words,
            env={**self._container.environment, "TERM": "xterm"},
            cwd=self._container.work_folder(),
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            preexec_fn=processes.preparation(),
        )
        os.close(inner)
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[bytes] = asyncio.Queue()
        loop.add_reader(outer, _read_terminal, outer, chunks)
        upward = asyncio.create_task(self._type(outer, process))
        try:
            while chunk := await chunks.get():
                await self._send(STDOUT, chunk)
            return await process.wait()
        finally:
            upward.cancel()
            loop.remove_reader(outer)
            os.close(outer)
            if process.returncode is None:
                await processes.end(process, 0)

    async def _type(self, terminal: int, process: asyncio.subprocess.Process) -> None:
        import fcntl
        import struct
        import termios

        try:
            while True:
                frame = await self._socket.receive_bytes()
                if frame[0] == STDIN:
                    os.write(terminal, frame[1:])
                elif frame[0] == RESIZE:
                    size = json.loads(frame[1:])
                    packed = struct.pack("HHHH", size["Height"], size["Width"], 0, 0)
                    fcntl.ioctl(terminal, termios.TIOCSWINSZ, packed)
        except (WebSocketDisconnect, KeyError):
            await processes.end(process, 0)

    async def _send(self, channel: int, content: bytes) -> None:
        async with self._sending:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.send_bytes(bytes([channel]) + content)

    async def _close(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close()


def _read_terminal(terminal: int, chunks: asyncio.Queue[bytes]) -> None:
    """Called when the terminal has something; an error there means that its command has ended."""
    try:
        chunks.put_nowait(os.read(terminal, CHUNK))
    except OSError:
        chunks.put_nowait(b"")


def _ended(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    shown = 128 - code if code < 0 else code
    return _failure(f"command terminated with non-zero exit code: exit status {shown}") | {
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(shown)}]},
    }


def _failure(message: str) -> Object:
    return {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "InternalError",
        "code": 500,
    }
