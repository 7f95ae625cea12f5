"""A container as a process: started in a session of its own, watched, and ended with its children.

A container here has no process namespace that would take its children along, so its process group
is ended with it. What a killed sandbox leaves is ended by `reaping`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import psutil

from irsa_sandbox.kubelet.programs import terminals

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
# A container that prints without end must not keep the sandbox from its other work.
BURST_BYTES = 64 * 1024
PAUSE_SECONDS = 0.05
DRAIN_SECONDS = 1.0
# The variable by which a process of a Pod is known, and the file of the Pod that holds its value.
MARK = "IRSA_LAB_POD_MARK"
MARK_FILE = "mark"
# The time of the start of the machine moves a little when its clock is set.
BOOT_TOLERANCE_SECONDS = 60
END_OF_TRANSMISSION = b"\x04"


class Process(asyncio.SubprocessProtocol):
    """A running program whose output goes to `on_output(file_descriptor, chunk)`."""

    def __init__(
        self, on_output: Callable[[int, bytes], None], terminal: int | None = None
    ) -> None:
        self._on_output = on_output
        self._terminal = terminal
        self._transport: asyncio.SubprocessTransport | None = None
        self._open_pipes = {1, 2}
        self._exited = asyncio.Event()
        self._drained = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio when the program runs."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport
        if self._terminal is not None:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._terminal, terminals.read, self._terminal, self._take)

    def _take(self, chunk: bytes) -> None:
        """What the terminal shows; nothing means that nobody writes there any more."""
        if chunk:
            self._on_output(1, chunk)
        elif self._terminal is not None:
            asyncio.get_running_loop().remove_reader(self._terminal)
            os.close(self._terminal)
            self._terminal = None
            self._drained.set()

    def write(self, content: bytes) -> None:
        """Input for the program; one that takes none gets none."""
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if self._terminal is not None:
            os.write(self._terminal, content)
        elif isinstance(pipe, asyncio.WriteTransport):
            pipe.write(content)

    def close_input(self) -> None:
        """No more input comes: the end of a pipe, or an end of transmission on a terminal."""
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if self._terminal is not None:
            os.write(self._terminal, END_OF_TRANSMISSION)
        elif pipe is not None:
            pipe.close()

    def resize(self, size: Mapping[str, int]) -> None:
        """The terminal of a program that has one gets another size."""
        if self._terminal is not None:
            terminals.resize(self._terminal, size)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Called by asyncio for each piece of output; a flood of it is slowed down."""
        self._on_output(fd, data)
        if len(data) < BURST_BYTES or self._transport is None:
            return
        pipe = self._transport.get_pipe_transport(fd)
        if isinstance(pipe, asyncio.ReadTransport):
            pipe.pause_reading()
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, _resume, pipe)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Called by asyncio when a stream has ended."""
        self._open_pipes.discard(fd)
        if not self._open_pipes:
            self._drained.set()

    def process_exited(self) -> None:
        """Called by asyncio when the program has ended: its children end with it."""
        kill_group(self.pid)
        self._exited.set()

    @property
    def pid(self) -> int:
        """The process's number, and its group's."""
        assert self._transport is not None
        return self._transport.get_pid()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._exited.is_set()

    async def wait(self) -> int:
        """The exit code, as soon as the program has ended and its output is read."""
        await self._exited.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), DRAIN_SECONDS)
        assert self._transport is not None
        code = self._transport.get_returncode()
        assert code is not None
        self._transport.close()
        self._take(b"")
        return shown_code(code)

    async def end(self, grace_seconds: float) -> int:
        """SIGTERM, the grace period, SIGKILL; returns the exit code."""
        if self.running and grace_seconds > 0:
            self.send(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._exited.wait(), grace_seconds)
        self.send(KILL)
        return await self.wait()

    def send(self, number: signal.Signals) -> None:
        """Signal the whole group; one that has ended is left in peace."""
        if self.running:
            signal_group(self.pid, number)


def _resume(pipe: asyncio.ReadTransport) -> None:
    if not pipe.is_closing():
        pipe.resume_reading()


def shown_code(code: int) -> int:
    """The exit code as a container runtime gives it: 128 and the number of the ending signal."""
    return 128 - code if code < 0 else code


async def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    on_output: Callable[[int, bytes], None],
    *,
    stdin: bool = False,
    tty: bool = False,
    pass_fds: Collection[int] = (),
) -> Process:
    """The command as a running process, in a session of its own.

    It reads nothing unless it has `stdin`; with `tty` both its streams are a terminal's; it has the
    files `pass_fds` open, too. Raises OSError where the program cannot be run.
    """
    outer = inner = None
    if tty and terminals.has_terminals():
        outer, inner, command = terminals.open_terminal(command)
    take = asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL
    output = asyncio.subprocess.PIPE
    try:
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: Process(on_output, outer),
            *command,
            env=dict(environment),
            cwd=folder,
            stdin=take if inner is None else inner,
            stdout=output if inner is None else inner,
            stderr=output if inner is None else inner,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    except OSError:
        if outer is not None:
            os.close(outer)
        raise
    finally:
        if inner is not None:
            os.close(inner)
    return process


def note(pid: int, path: Path) -> None:
    """Remember a process by number and start time: numbers are used again, the pair is not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        path.write_text(f"{pid} {psutil.Process(pid).create_time()}\n", encoding="utf-8")


def signal_group(pid: int, number: int) -> bool:
    """Signal the group that this process leads; False where there is no such group."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(pid, number)
        else:
            psutil.Process(pid).send_signal(number)
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False
    return True


def kill_group(pid: int) -> None:
    """End what a process that has just ended left of its group."""
    if hasattr(os, "killpg"):
        signal_group(pid, KILL)


def mark_of(folder: Path) -> str:
    """What every process of this Pod's folder has in its environment, and nobody else guesses."""
    path = folder / MARK_FILE
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(secrets.token_hex(16))
    return path.read_text(encoding="utf-8")


def sweep(folders: Collection[Path], before: float | None = None) -> int:
    """End every process that the sandbox started for a Pod of those folders, and their children.

    They are known by their noted session, and by the Pod's mark in their environment; their
    working folder or their words do not count. A folder is a Pod's, or that of all Pods.
    `before` (seconds since the epoch) spares younger ones. Returns how many were ended.
    """
    pods = [path for folder in folders for path in (folder, *_below(folder))]
    sessions = {session for pod in pods for session in _noted_sessions(pod)}
    marks = {(pod / MARK_FILE).read_text("utf-8") for pod in pods if (pod / MARK_FILE).is_file()}
    marks.discard("")
    ended = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            young = before is not None and process.create_time() > before
            if not young and _belongs(process, sessions, marks):
                process.kill()
                ended += 1
    return ended


def _noted_sessions(pod: Path) -> set[int]:
    """The sessions of a Pod whose number has not been given to another since."""
    sessions = set()
    for path in pod.glob("*.pid"):
        with contextlib.suppress(ValueError, OSError):
            number, created = path.read_text(encoding="utf-8").split()
            if not _reused(int(number), float(created)):
                sessions.add(int(number))
    return sessions


def _reused(pid: int, created: float) -> bool:
    if created < psutil.boot_time() - BOOT_TOLERANCE_SECONDS:
        return True
    try:
        return psutil.Process(pid).create_time() != created
    except psutil.Error:
        return False


def _below(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _belongs(process: psutil.Process, sessions: set[int], marks: set[str]) -> bool:
    if process.pid == os.getpid():
        return False
    if hasattr(os, "getsid") and os.getsid(process.pid) in sessions:
        return True
    return process.environ().get(MARK) in marks
