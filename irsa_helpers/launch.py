"""Starting and stopping the sandbox as a background process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from irsa_helpers import state
from irsa_helpers.errors import IrsaLabError

START_SECONDS = 30
STOP_SECONDS = 10
POLL_SECONDS = 0.01
KEPT_AT_RESET = ("ports.json", "progress.sqlite3")


def ensure_sandbox(home: Path) -> dict[str, Any]:
    """The running sandbox of that folder, started where none runs; returns its state.

    Raises IrsaLabError, with the end of its log, where it does not start, where the folder cannot
    be written, or where a blank is in its path or in Python's.
    """
    _check_blanks(home)
    try:
        if running := state.read(home):
            return running
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / "state.json").unlink(missing_ok=True)
        process = _start(home)
    except OSError as error:
        raise IrsaLabError(
            f"the sandbox cannot write to its folder {home}: {error.strerror}",
            next_step="free some space, or name another folder: export IRSA_LAB_HOME=...",
        ) from error
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (home / "state.json").exists() and (running := state.read(home)):
            return running
        # Another start may have won the race: it holds the lock, ours ends, and its state comes.
        if process.poll() not in (None, 0, state.ALREADY_RUNNING):
            break
        time.sleep(POLL_SECONDS)
    raise IrsaLabError(
        f"the sandbox did not start; the end of {home / 'sandbox.log'} says:\n{_log_end(home)}",
        next_step="irsa-lab up --foreground shows all of it; irsa-lab reset starts afresh",
    )


def _check_blanks(home: Path) -> None:
    """Raises IrsaLabError for a path that a shell in a Pod would take for two words.

    A process that stands for a Pod sees the machine's own paths: its volumes are below `home`, and
    the first line of pip's `aws` names its Python.
    """
    for place in (home, Path(sys.executable)):
        if os.name != "nt" and re.search(r"\s", str(place)):
            raise IrsaLabError(
                f"there is a blank in the path {place}, where shells in Pods would stumble",
                next_step="move the project to a folder without blanks, and install it there",
            )


def _start(home: Path) -> subprocess.Popen[bytes]:
    """The sandbox as a process of its own session, which outlives this one."""
    with (home / "sandbox.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "irsa_helpers.sandbox", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home,
            env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )


def stop_sandbox(home: Path) -> bool:
    """No sandbox runs in that folder, and none of its Pods' processes; False where none ran."""
    import psutil

    running = state.read(home)
    if running:
        process = psutil.Process(running["pid"])
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
    (home / "state.json").unlink(missing_ok=True)
    _reap(home)
    return running is not None


def _reap(home: Path) -> None:
    """End what a killed sandbox left running."""
    if (home / "pods").is_dir():
        subprocess.run(
            [sys.executable, "-m", "irsa_helpers.sandbox.kubelet.reap", str(home / "pods")],
            check=True,
        )


def reset_sandbox(home: Path) -> None:
    """The folder holds nothing of the old world; ports and the learner's progress are kept."""
    stop_sandbox(home)
    if not home.is_dir():
        return
    for entry in home.iterdir():
        if entry.name in KEPT_AT_RESET:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _log_end(home: Path, lines: int = 15) -> str:
    try:
        text = (home / "sandbox.log").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return os.linesep.join(text.splitlines()[-lines:])
