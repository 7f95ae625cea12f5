"""The programs beside the hub: the proxy in front of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from irsa_helpers.errors import IrsaLabError


def node() -> list[str]:
    """The command of Node.js: this Python's own, from the extra `workshop`, or the machine's.

    Raises IrsaLabError where there is none.
    """
    beside = Path(sys.executable).parent
    found = shutil.which("node", path=str(beside)) or shutil.which("node")
    if found is None:
        raise IrsaLabError(
            "there is no Node.js, which the hub's proxy runs on", next_step="make workshop"
        )
    return [found]


def proxy_program(project: Path) -> Path:
    """JupyterHub's own proxy. Raises IrsaLabError where it is not installed."""
    folder = project / "workshop" / "proxy" / "node_modules" / "configurable-http-proxy"
    program = folder / "bin" / "configurable-http-proxy"
    if not program.exists():
        raise IrsaLabError(f"the hub's proxy is not in {folder}", next_step="make workshop")
    return program
