"""`kubectl exec` and `kubectl attach`: a new command in a container, or the one that runs there."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from collections.abc import AsyncIterator

from starlette.websockets import WebSocket, WebSocketDisconnect

from irsa_sandbox.apiclient import Object
from irsa_sandbox.kubelet.channels import (
    CLOSE,
    RESIZE,
    STDERR,
    STDIN,
    STDOUT,
    SUCCESS,
    Channels,
)
from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.programs import processes, terminals
from irsa_sandbox.kubelet.programs.runtimes import not_found

CHUNK = 32 * 1024
_numbers = itertools.count(1)


class AttachSession:
    """What a container's own process reads and says, from now on."""

    def __init__(self, socket: WebSocket, container: Container) -> None:
        self._channels = Channels(socket)
        self._container = container

    async def run(self) -> None:
        """Serve until the container ends or the client goes."""
        process = self._container.process
        assert process is not None
        said: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()

        def hear(fd: int, chunk: bytes) -> None:
            said.put_nowait((fd, chunk))

        await self._channels.open()
        self._container.listeners.add(hear)
        upward = asyncio.create_task(self._feed(process))
        downward = asyncio.create_task(self._tell(said))
        ended = asyncio.create_task(process.wait())
        try:
            await asyncio.wait((ended, upward), return_when=asyncio.FIRST_COMPLETED)
            await said.join()
        finally:
            self._container.listeners.discard(hear)
            for task in (upward, downward, ended):
                task.cancel()
        await self._channels.close(SUCCESS)

    async def _tell(self, said: asyncio.Queue[tuple[int, bytes]]) -> None:
        while True:
            fd, chunk = await said.get()
            await self._channels.send(fd, chunk)
            said.task_done()

    async def _feed(self, process: processes.Process) -> None:
        """What the client sends, to the process, until the client goes.

        A container with `stdinOnce` gets no more input when its first client is gone.
        """
        try:
            while True:
                channel, content = await self._channels.receive()
                if channel == STDIN:
                    process.write(content)
                elif channel == RESIZE:
                    process.resize(json.loads(content))
                elif channel == CLOSE:
                    self._close_input(process)
        except WebSocketDisconnect:
            self._close_input(process)

    def _close_input(self, process: processes.Process) -> None:
        if self._channels.wants("stdin") and self._container.spec.get("stdinOnce"):
            process.close_input()


class ExecSession:
    """One command in a container."""

    def __init__(self, socket: WebSocket, container: Container) -> None:
        self._channels = Channels(socket)
        self._container = container
        self._command = container.seen.arguments(socket.query_params.getlist("command"))

    async def run(self) -> None:
        """Serve the session to its end; the last frame says how the command ended."""
        await self._channels.open()
        tty = self._channels.wants("tty") and terminals.has_terminals()
        words = self._container.command(self._command, tty=tty)
        if words is None:
            await self._channels.close(_lookup_failed(self._command))
            return
        code = await (self._terminal(words) if tty else self._pipes(words))
        await self._channels.close(_ended(code))

    async def _start(self, words: list[str], stdin: int, output: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *words,
            env={"TERM": "xterm", **self._container.environment}
            if self._channels.wants("tty")
            else dict(self._container.environment),
            cwd=self._container.starting_folder(),
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
        wants_stdin = self._channels.wants("stdin")
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
                channel, content = await self._channels.receive()
                if channel == STDIN and process.stdin:
                    process.stdin.write(content)
                    await process.stdin.drain()
                elif channel == CLOSE and process.stdin:
                    process.stdin.close()
        except WebSocketDisconnect:
            processes.signal_group(process.pid, processes.KILL)
        except (BrokenPipeError, ConnectionResetError):
            return

    async def _drain(self, stream: asyncio.StreamReader, channel: int) -> None:
        while chunk := await stream.read(CHUNK):
            await self._channels.send(channel, chunk)

    async def _terminal(self, words: list[str]) -> int:
        """The command on a pseudo-terminal; both its streams come on stdout."""
        outer, inner, on_terminal = terminals.open_terminal(words)
        try:
            process = await self._start(on_terminal, inner, inner)
        finally:
            os.close(inner)
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[bytes] = asyncio.Queue()
        loop.add_reader(outer, terminals.read, outer, chunks.put_nowait)
        async with self._noted(process):
            upward = asyncio.create_task(self._type(outer, process))
            try:
                while chunk := await chunks.get():
                    await self._channels.send(STDOUT, chunk)
                return await process.wait()
            finally:
                upward.cancel()
                loop.remove_reader(outer)
                os.close(outer)

    async def _type(self, terminal: int, process: asyncio.subprocess.Process) -> None:
        try:
            while True:
                channel, content = await self._channels.receive()
                if channel == STDIN:
                    os.write(terminal, content)
                elif channel == RESIZE:
                    terminals.resize(terminal, json.loads(content))
        except WebSocketDisconnect:
            processes.signal_group(process.pid, processes.KILL)


def _lookup_failed(command: list[str]) -> Object:
    """The answer of a container runtime that finds no such program."""
    return _failure(
        "Internal error occurred: error executing command in container: failed to exec in "
        "container: failed to start exec: OCI runtime exec failed: exec failed: unable to start "
        f"container process: {not_found(command)}: unknown"
    )


def _ended(code: int) -> Object:
    if code == 0:
        return SUCCESS
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
