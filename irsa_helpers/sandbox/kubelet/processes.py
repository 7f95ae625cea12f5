"""A container as a process: started in a session of its own, watched, ended, and never orphaned.

On Linux the kernel ends it together with the sandbox (PR_SET_PDEATHSIG, set between fork and
exec); everywhere a file with its number lets the next start end what a killed sandbox left.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Between fork and exec, on Linux: the kernel sends SIGKILL when the sandbox is gone."""
    assert _libc is not None
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def preparation() -> Callable[[], None] | None:
    """What to run in a child before it becomes the program."""
    return _die_with_parent if _libc is not None else None


async def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    pid_file: Path,
) -> asyncio.subprocess.Process:
    """The command as a running process that writes both streams to the log.

    Raises OSError where the program cannot be run.
    """
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            preexec_fn=preparation(),
        )
    _note(process.pid, pid_file)
    return process


def _note(pid: int, path: Path) -> None:
    """Remember a process by number and start time: numbers are used again, the pair is not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        noted = {"pid": pid, "created": psutil.Process(pid).create_time()}
        path.write_text(json.dumps(noted), encoding="utf-8")


def send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal the whole process group; one that has ended is left in peace."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()


async def end(process: asyncio.subprocess.Process, grace_seconds: float) -> int:
    """SIGTERM, the grace period, SIGKILL; returns the exit code."""
    send(process, signal.SIGTERM)
    try:
        return await asyncio.wait_for(process.wait(), grace_seconds)
    except TimeoutError:
        send(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        return await process.wait()


def reap(pods: Path) -> int:
    """End every process that an earlier sandbox noted below that folder; returns how many."""
    ended = 0
    for path in pods.glob("*/*.pid"):
        try:
            noted = json.loads(path.read_text(encoding="utf-8"))
            process = psutil.Process(noted["pid"])
            if process.create_time() == noted["created"]:
                for each in [*process.children(recursive=True), process]:
                    each.kill()
                ended += 1
        except (psutil.NoSuchProcess, ValueError):
            pass  # it ended by itself, or was noted in the moment of a crash
        path.unlink(missing_ok=True)
    return ended
