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

FORKS_VARIABLE = "IRSA_LAB_FORKS"
"""Names the folder with a socket for each kind of program that is ready to be forked."""
HOME_VARIABLE = "IRSA_LAB_HOME"
SEED_VARIABLE = "IRSA_LAB_SEED"  # of the names and ids that a sandbox makes up
ALREADY_RUNNING = 75  # exit status of a sandbox whose folder another one serves (EX_TEMPFAIL)
NO_SPACE = 74  # exit status of a sandbox that could not write its files (EX_IOERR)
CLOCK_SLACK_SECONDS = 2  # a start is counted from the boot, whose time is corrected now and then
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


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file at once, readable by its owner alone (0600); a failure leaves the old one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no file, or something else is in it."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def read(folder: Path | None = None) -> dict[str, Any] | None:
    """What a running sandbox says of itself, or None where none runs.

    A file left behind by a killed sandbox is recognised (its process is gone, its number is another
    program's by now, or nobody answers at its address) and counts as none, as does a damaged one.
    """
    sandbox = read_object((folder or home()) / "state.json")
    if sandbox is None or not process_of(sandbox) or not _answers(sandbox):
        return None
    return sandbox


def announced(folder: Path) -> dict[str, Any] | None:
    """What a sandbox that is starting says it will be, or None where none is."""
    sandbox = read_object(folder / "announced.json")
    return sandbox if sandbox and process_of(sandbox) else None


def this_process() -> dict[str, Any]:
    """How to know the running process again: its number, start (seconds) and command."""
    import psutil

    process = psutil.Process()
    return {
        "pid": process.pid,
        "process_started": process.create_time(),
        "command": process.cmdline(),
    }


def process_of(sandbox: dict[str, Any]) -> Any:
    """The psutil.Process that wrote a state file, or None where it is gone.

    The system gives numbers again: start and command have to be the same too.
    """
    import psutil

    try:
        process = psutil.Process(sandbox["pid"])
        same = (
            abs(process.create_time() - sandbox["process_started"]) < CLOCK_SLACK_SECONDS
            and process.cmdline() == sandbox["command"]
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (psutil.Error, KeyError, TypeError, ValueError):
        return None
    return process if same else None


def _answers(sandbox: dict[str, Any]) -> bool:
    """Whether somebody listens at the address in that state file."""
    from urllib.parse import urlsplit

    try:
        address = urlsplit(sandbox["control"]["url"])
        with socket.create_connection((address.hostname, address.port or 80), timeout=1):
            return True
    except (OSError, KeyError, TypeError, ValueError):
        return False
