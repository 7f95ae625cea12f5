"""`kubectl exec`: a command in a container, its streams on a WebSocket.

Kubernetes' protocol v5.channel.k8s.io: the first byte of a frame is its channel: 0 stdin, 1 stdout,
2 stderr, 3 the final Status, 4 the terminal's size, 255 end of one. Source: KEP-4006.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import struct
import sys
from collections.abc import AsyncIterator, Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from irsa_helpers.sandbox.apiclient import Object
from irsa_helpers.sandbox.kubelet import processes
from irsa_helpers.sandbox.kubelet.container import Container
from irsa_helpers.sandbox.kubelet.runtimes import find_program

PROTOCOL = "v5.channel.k8s.io"
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
CHUNK = 32 * 1024
# A shell opens the terminal by name, so that it becomes the session's own: job control, Ctrl-C.
_ON_TERMINAL = 'terminal=$1; shift; exec "$@" <"$terminal" >"$terminal" 2>&1'
_numbers = itertools.count(1)


class ExecSession:
    """One command in a container."""

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
        program = find_program(self._command[0]) if self._command else None
        if program is None:
            await self._send(ERROR, json.dumps(_not_found(self._command)).encode())
        else:
            words = [program, *self._command[1:]]
            tty = self._wants["tty"] and sys.platform != "win32"
            code = await (self._terminal(words) if tty else self._pipes(words))
            await self._send(ERROR, json.dumps(_ended(code)).encode())
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close()

    async def _start(self, words: list[str], stdin: int, output: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *words,
            env={"TERM": "xterm", **self._container.environment}
            if self._wants["tty"]
            else dict(self._container.environment),
            cwd=self._container.working_directory(),
            stdin=stdin,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    @contextlib.asynccontextmanager
    async def _noted(self, process: asyncio.subprocess.Process) -> AsyncIterator[None]:
        """While it runs, and as long as it leaves others behind, the session is on file."""
        folder, name = self._container.folder, self._container.name
        path = folder / f"{name}.exec-{next(_numbers)}.pid"
        processes.note(process.pid, path)
        try:
            yield
        finally:
            if process.returncode is None:
                processes.signal_group(process.pid, processes.KILL)
                await process.wait()
            if not processes.signal_group(process.pid, 0):
                path.unlink(missing_ok=True)

    async def _pipes(self, words: list[str]) -> int:
        wants_stdin = self._wants["stdin"]
        stdin = asyncio.subprocess.PIPE if wants_stdin else asyncio.subprocess.DEVNULL
        process = await self._start(words, stdin, asyncio.subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        async with self._noted(process):
            upward = asyncio.create_task(self._feed(process))
            try:
                await asyncio.gather(
                    self._drain(process.stdout, STDOUT), self._drain(process.stderr, STDERR)
                )
                return await process.wait()
            finally:
                upward.cancel()

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        """What the client sends, to the process; a client that goes ends it."""
        try:
            while True:
                channel, content = await self._receive()
                if channel == STDIN and process.stdin:
                    process.stdin.write(content)
                    await process.stdin.drain()
                elif channel == CLOSE and process.stdin:
                    process.stdin.close()
        except WebSocketDisconnect:
            processes.signal_group(process.pid, processes.KILL)
        except (BrokenPipeError, ConnectionResetError):
            return

    async def _receive(self) -> tuple[int, bytes]:
        """(channel, content) of the next frame. Raises WebSocketDisconnect."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            frame = message.get("bytes") or (message.get("text") or "").encode()
            if frame:
                return frame[0], frame[1:]

    async def _drain(self, stream: asyncio.StreamReader, channel: int) -> None:
        while chunk := await stream.read(CHUNK):
            await self._send(channel, chunk)

    async def _terminal(self, words: list[str]) -> int:
        """The command on a pseudo-terminal; both its streams come on stdout."""
        import pty

        outer, inner = pty.openpty()
        try:
            shell = shutil.which("sh") or "sh"
            on_terminal = [shell, "-c", _ON_TERMINAL, shell, os.ttyname(inner), *words]
            process = await self._start(on_terminal, inner, inner)
        finally:
            os.close(inner)
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[bytes] = asyncio.Queue()
        loop.add_reader(outer, _read_terminal, outer, chunks.put_nowait)
        async with self._noted(process):
            upward = asyncio.create_task(self._type(outer, process))
            try:
                while chunk := await chunks.get():
                    await self._send(STDOUT, chunk)
                return await process.wait()
            finally:
                upward.cancel()
                loop.remove_reader(outer)
                os.close(outer)

    async def _type(self, terminal: int, process: asyncio.subprocess.Process) -> None:
        try:
            while True:
                channel, content = await self._receive()
                if channel == STDIN:
                    os.write(terminal, content)
                elif channel == RESIZE:
                    _resize(terminal, json.loads(content))
        except WebSocketDisconnect:
            processes.signal_group(process.pid, processes.KILL)

    async def _send(self, channel: int, content: bytes) -> None:
        async with self._sending:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.send_bytes(bytes([channel]) + content)


def _read_terminal(terminal: int, take: Callable[[bytes], None]) -> None:
    """Called when the terminal has something; an error there means that its command has ended."""
    try:
        take(os.read(terminal, CHUNK))
    except OSError:
        take(b"")


def _resize(terminal: int, size: Object) -> None:
    import fcntl
    import termios

    packed = struct.pack("HHHH", size["Height"], size["Width"], 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, packed)


def _not_found(command: list[str]) -> Object:
    """The answer of a container runtime that finds no such program."""
    program = command[0] if command else ""
    return _failure(
        "Internal error occurred: error executing command in container: failed to exec in "
        "container: failed to start exec: OCI runtime exec failed: exec failed: unable to start "
        f'container process: exec: "{program}": executable file not found in $PATH: unknown'
    )


def _ended(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    shown = processes.shown_code(code)
    failure = _failure(f"command terminated with non-zero exit code: exit status {shown}")
    causes = [{"reason": "ExitCode", "message": str(shown)}]
    return failure | {"reason": "NonZeroExitCode", "details": {"causes": causes}}


def _failure(message: str) -> Object:
    return {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "InternalError",
        "code": 500,
    }
