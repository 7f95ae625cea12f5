"""JupyterLab next to the sandbox: one command starts both, Ctrl-C stops both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from irsa_helpers import environment, launch, state
from irsa_helpers.errors import IrsaLabError

FIRST_NOTEBOOK = "notebooks/00-welcome.ipynb"

# Interface settings that keep pop-ups off the first page a learner sees.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


def open_course(*, port: int, browser: bool) -> int:
    """Serve the course until Ctrl-C; returns JupyterLab's exit status.

    Raises IrsaLabError outside of the project's folder.
    """
    root = state.project_root()
    if root is None:
        raise IrsaLabError(
            "the notebooks are not here", next_step="cd into the project's folder, then again"
        )
    home = state.home()
    sandbox = launch.ensure_sandbox(home)
    process = subprocess.Popen(_command(root, port, browser), env=_environment(home, sandbox))
    # Ctrl-C reaches JupyterLab, which then ends; this process stays to stop the sandbox.
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, earlier)
        launch.stop_sandbox(home)


def _command(root: Path, port: int, browser: bool) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.answer_yes=True",
    ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def _environment(home: Path, sandbox: Mapping[str, Any]) -> dict[str, str]:
    """The sandbox's variables, so that Jupyter's terminals have `aws` and `kubectl` at hand."""
    settings = home / "jupyter" / "settings"
    for name, values in SETTINGS.items():
        path = settings / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    return environment.process_environment(sandbox) | {
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "jupyter" / "workspaces"),
    }
