"""Starting a Python program as a fork of one that has loaded everything it needs.

A room of many learners starts the same few programs over and over. `irsa_workshop.room.zygote`
keeps one of each ready; a fork of it is there in a moment and shares the memory of what is loaded.
Without a room, or where the ready one is gone, the program starts as any other does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from irsa_helpers.ground.state import FORKS_VARIABLE

VARIABLE = FORKS_VARIABLE
UNKNOWN = 255  # exit status of a program whose end nobody has told
LARGEST = 2**17  # bytes of a request: well below what a Unix socket takes at once


@dataclass(frozen=True)
class Program:
    """`python -m MODULE ARGUMENTS...`, with its whole environment and its folder.

    Where it is a fork, `module` may be a file, too: one that ends with `.py`.
    `bound`: it ends when whoever asked for it does, by the signal `ends_by`. `user`: the number of
    the user and group that it runs as; None for those of whoever asks, and only root may name
    another.
    """

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    bound: bool = False
    user: int | None = None
    ends_by: int = signal.SIGTERM


class Forked:
    """A forked program, with the methods of `subprocess.Popen` that its starter needs."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        return self._hear(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self._hear(_left(deadline))) is None:
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _hear(self, seconds: float | None) -> int | None:
        """What the zygote has told of its end, after at most that time."""
        if self.returncode is None and select.select([self._connection], [], [], seconds)[0]:
            self.returncode = _answer(self._connection).get("status", UNKNOWN)
            self._connection.close()
        return self.returncode


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def start(kind: str, program: Program, *, output: int) -> Forked | subprocess.Popen[bytes]:
    """The program, running in a session of its own; `output` is the file it writes to.

    It is a fork of the `kind` that is ready, where there is one. Raises OSError where it cannot be
    started.
    """
    folder = program.environment.get(VARIABLE) or os.environ.get(VARIABLE)
    connection = _connect(Path(folder) / f"{kind}.sock") if folder else None
    if connection is None:
        return _plainly(program, output)
    request = json.dumps(asdict(program)).encode()
    if len(request) > LARGEST:
        raise OSError(f"{program.module}: {len(request)} bytes of arguments and variables")
    with open(os.devnull, "rb") as nothing:
        socket.send_fds(connection, [request], [nothing.fileno(), output, output])
    told = _answer(connection)
    if "pid" not in told:
        raise OSError(told.get("error", f"the {kind} that is ready for forks gave no answer"))
    return Forked(connection, told["pid"])


def _connect(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    return connection


def _answer(connection: socket.socket) -> dict[str, Any]:
    """The zygote's next word; nothing where it is gone."""
    try:
        told: dict[str, Any] = json.loads(connection.recv(LARGEST) or b"{}")
    except ConnectionError:
        return {}
    return told


def _plainly(program: Program, output: int) -> subprocess.Popen[bytes]:
    user: dict[str, Any] = {}
    if program.user is not None and program.user != os.geteuid():
        user = {"user": program.user, "group": program.user, "extra_groups": []}
    return subprocess.Popen(
        [sys.executable, "-m", program.module, *program.arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=program.folder,
        env=dict(program.environment),
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        **user,
    )
