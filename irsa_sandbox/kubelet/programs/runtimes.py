"""Which images this machine can run, and as what: there is no container runtime here.

An image stands for a program that is installed: that is one of the sandbox's simplifications. What
the program then does (the SDK's credential chain, the calls) is its own.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
BEFORE_IRSA = Path(__file__).with_name("before_irsa")
SHELLS = ("busybox", "alpine", "bash", "debian", "ubuntu", "amazonlinux")


@dataclass(frozen=True)
class Runtime:
    """A program in place of an image: what runs when a container names no command of its own."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    # The image has version 2 of the AWS CLI, which asks the node for a region; ours is version 1.
    asks_node_for_region: bool = False
    # The image's SDK is older than IRSA.
    before_irsa: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make the installed SDK behave as the image's."""
        return {"PYTHONPATH": str(BEFORE_IRSA)} if self.before_irsa else {}


def find_runtime(image: str) -> Runtime | None:
    """The runtime of an image, None where this machine has none for it."""
    name = re.sub(r"[:@].*$", "", image.rpartition("/")[2])
    if name == "aws-cli":
        return Runtime((str(PROGRAMS / "aws"),), (), asks_node_for_region=True)
    if name == "python":
        return Runtime((), (sys.executable,))
    if name == "reports":
        return Runtime((), (shutil.which("sh") or "sh",), True, image.endswith(":2019"))
    if name == "pause":
        return Runtime(("tail", "-f", "/dev/null"), ())
    if name in SHELLS:
        return Runtime((), (shutil.which("sh") or "sh",))
    return None


def known_images() -> str:
    """The images that can run, for a person to read."""
    return "amazon/aws-cli, python, pause, " + ", ".join(SHELLS)


def not_found(words: Sequence[str]) -> str:
    """How runc says that it finds no such program. Source: Go, os/exec.Error."""
    program = words[0] if words else ""
    if "/" in program:
        return f'exec: "{program}": stat {program}: no such file or directory'
    return f'exec: "{program}": executable file not found in $PATH'


def search_path() -> str:
    """The PATH of a container: this Python's programs, then the system's."""
    return os.pathsep.join([str(PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"])


def find_program(name: str) -> str | None:
    """Where a container finds a program of that name or path; any Python is this Python.

    A path that only the image would have leads to the program of the same name here.
    """
    base = name.rpartition("/")[2]
    if base in {"python", "python3"}:
        return sys.executable
    program = shutil.which(name, path=search_path())
    if program is None and name.startswith("/"):
        return shutil.which(base, path=search_path())
    return program
