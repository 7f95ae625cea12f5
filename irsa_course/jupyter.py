"""JupyterLab next to the sandbox: one command starts both, Ctrl-C stops both.

For a real account JupyterLab starts alone, with your own AWS settings and kubeconfig.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irsa_course.folder import project_folder
from irsa_helpers import worlds
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds import environment, launch

FIRST_NOTEBOOK = "notebooks/00-welcome.ipynb"


@dataclass(frozen=True)
class KernelsOfARoom:
    """The name of what starts them, and an IPython extension that they load besides."""

    provisioner: str
    extension: str


# Interface settings for the first page a learner sees: no pop-ups, whole names of notebooks.
SETTINGS = {
    # Light or dark as the learner's desktop, which is what the notebooks' pictures go by.
    "@jupyterlab/apputils-extension/themes.jupyterlab-settings": {"adaptive-theme": True},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/filebrowser-extension/browser.jupyterlab-settings": {
        "showLastModifiedColumn": False,
    },
    # The README and the table of refusals open as pages, not as their source.
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {
        "defaultViewers": {"markdown": "Markdown Preview"},
    },
}


def open_course(*, port: int, browser: bool, address: str = "127.0.0.1") -> int:
    """Serve the course until Ctrl-C; returns JupyterLab's exit status.

    `address` is where JupyterLab listens: a container's own loopback is nobody's to reach.
    Raises IrsaLabError outside of the project's folder.
    """
    root = project_folder()
    home = state.home()
    command = _command(root, port, browser, address)
    if worlds.chosen_world() != "sandbox":
        print("The world is your own AWS account and cluster. Ctrl-C stops JupyterLab.", flush=True)
        return _serve(command, dict(os.environ) | jupyter_settings(home))
    start = launch.Start(home)
    try:
        sandbox = start.announced()
        variables = environment.process_environment(sandbox) | jupyter_settings(home)
        print(f"The sandbox starts: {sandbox['cluster']}, account {sandbox['account_id']}.")
        print("JupyterLab starts. Ctrl-C stops both; what you made is kept.", flush=True)
        return _serve(command, variables, beside=lambda: start.finish(_print_progress))
    finally:
        launch.stop_sandbox(home)


def _print_progress(text: str) -> None:
    print(text, flush=True)


def _serve(
    command: list[str], variables: Mapping[str, str], beside: Callable[[], object] = lambda: None
) -> int:
    """Run JupyterLab to its end; Ctrl-C reaches it, and this process stays for what comes after.

    `beside` is done while JupyterLab starts, which is ended where that fails.
    """
    process = subprocess.Popen(command, env=variables)
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        beside()
        return process.wait()
    except IrsaLabError:
        process.terminate()
        process.wait()
        raise
    finally:
        signal.signal(signal.SIGINT, earlier)


def _command(root: Path, port: int, browser: bool, address: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        *server_arguments(root),
        f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}",
        f"--ServerApp.ip={address}",
        f"--ServerApp.port={port}",
        "--ServerApp.answer_yes=True",
    ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def server_arguments(root: Path) -> list[str]:
    """The options of every Jupyter server that serves the course, a learner's own or a seat's."""
    arguments = [
        f"--ServerApp.root_dir={root}",
        f"--KernelManager.transport_encryption={_encryption()}",
        # A lab's goals open a terminal beside themselves: without this, a page cannot.
        "--LabApp.expose_app_in_browser=True",
        # Errors, and the address, which counts as critical.
        "--Application.log_level=ERROR",
    ]
    if shell := _shell():
        arguments.append(f"--ServerApp.terminado_settings=shell_command={shlex.quote(shell)}")
    return arguments


def _shell() -> str | None:
    """The terminal's program where it has a choice; None leaves PowerShell to Windows.

    Named, it starts in the environment given here. JupyterLab's own choice may be a login shell,
    whose /etc/profile sets PATH anew: `aws` and `kubectl` of this project would be gone.
    """
    if os.name == "nt":
        return None
    return os.environ.get("SHELL") or shutil.which("bash") or "sh"


def _encryption() -> str:
    """What JupyterLab and its kernels say to each other is encrypted where ZeroMQ can do it."""
    import zmq

    return "auto" if zmq.has("curve") else "disabled"


def jupyter_settings(home: Path, *, room: KernelsOfARoom | None = None) -> dict[str, str]:
    """Variables that lead JupyterLab to this project's settings, workspace and kernel.

    `room`: how its kernels start, and what they load; None leaves the first to Jupyter.
    """
    settings = home / "jupyter" / "settings"
    for name, values in SETTINGS.items():
        path = settings / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    _write_kernel(home / "jupyter" / "kernels" / "python3", room)
    kernels = [str(home / "jupyter"), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    return {
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "jupyter" / "workspaces"),
        "JUPYTER_PATH": os.pathsep.join(kernels),
    }


def _write_kernel(folder: Path, room: KernelsOfARoom | None) -> None:
    """This Python as the kernel `python3`; it explains what a learner's slip leads to."""
    launcher = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    # A kernel's debugger listens at a port where everybody on the machine may run code in it.
    metadata: dict[str, Any] = {"debugger": room is None, "supported_encryption": ["curve"]}
    extensions = ["irsa_course.cell_errors"]
    if room:
        metadata["kernel_provisioner"] = {"provisioner_name": room.provisioner}
        extensions.append(room.extension)
    kernel = {
        "argv": [
            *launcher,
            *(f"--InteractiveShellApp.extensions={extension}" for extension in extensions),
        ],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "metadata": metadata,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
