"""Which images this machine can run, and as what: there is no container runtime here.

An image stands for a program that is installed: that is one of the sandbox's simplifications. What
the program then does (the SDK's credential chain, the calls) is its own.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
SHELLS = ("busybox", "alpine", "bash", "debian", "ubuntu", "amazonlinux", "pause")


@dataclass(frozen=True)
class Runtime:
    """A program in place of an image: what runs when a container names no command of its own."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]


def find_runtime(image: str) -> Runtime | None:
    """The runtime of an image, None where this machine has none for it."""
    name = re.sub(r"[:@].*$", "", image.rpartition("/")[2])
    if name == "aws-cli":
        return Runtime((str(PROGRAMS / "aws"),), ("help",))
    if name == "python":
        return Runtime((), (sys.executable,))
    if name in SHELLS:
        return Runtime((), (shutil.which("sh") or "sh",))
    return None


def known_images() -> str:
    """The images that can run, for a person to read."""
    return "amazon/aws-cli, python, " + ", ".join(SHELLS)


def search_path() -> str:
    """The PATH of a container: this Python's programs, then the system's."""
    return os.pathsep.join([str(PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"])


def find_program(name: str) -> str | None:
    """Where a container finds a program of that name; `python` and `python3` are this Python."""
    if name in {"python", "python3"}:
        return sys.executable
    return shutil.which(name, path=search_path())
