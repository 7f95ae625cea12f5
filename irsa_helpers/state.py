"""Where a sandbox keeps its files, and the one file that says how to reach it.

The sandbox writes `state.json` when it is ready and takes it away when it stops. Everyone else (a
notebook's `connect()`, the command line) only reads it.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

HOME_VARIABLE = "IRSA_LAB_HOME"
ALREADY_RUNNING = 75  # exit status of a sandbox whose folder another one serves (EX_TEMPFAIL)
PROJECT_MARKS = ("notebooks", "irsa_helpers", "pyproject.toml")


def project_root(start: Path | None = None) -> Path | None:
    """The nearest folder, from `start` upward, that holds this project; None outside of one."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if all((folder / mark).exists() for mark in PROJECT_MARKS):
            return folder
    return None


def home() -> Path:
    """The folder of the sandbox: `$IRSA_LAB_HOME`, else `.irsa-lab` in the project or at home.

    Each project has its own, so two sandboxes for two projects do not meet.
    """
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named).expanduser().resolve()
    return (project_root() or Path.home()) / ".irsa-lab"


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone (0600)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def read(folder: Path | None = None) -> dict[str, Any] | None:
    """What a running sandbox says of itself, or None where none runs.

    A file left behind by a killed sandbox is recognised (its process is gone, or nobody answers at
    its address) and counts as none.
    """
    path = (folder or home()) / "state.json"
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return state if process_runs(state["pid"]) and _answers(state) else None


def process_runs(pid: int) -> bool:
    """Whether a process of that number exists and is not a zombie."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _answers(state: dict[str, Any]) -> bool:
    """Whether the sandbox of that state file, and not some other server, holds the port."""
    from urllib.parse import urlsplit

    address = urlsplit(state["control"]["url"])
    try:
        with socket.create_connection((address.hostname, address.port or 80), timeout=1):
            return True
    except OSError:
        return False
