"""Pseudo-terminals: a container's own (`tty: true`), and those of `kubectl exec -it`."""

from __future__ import annotations

import os
import shutil
import struct
import sys
from collections.abc import Callable, Mapping, Sequence

CHUNK = 32 * 1024
# A shell opens the terminal by name, so that it becomes the session's own: job control, Ctrl-C.
_ON_TERMINAL = 'terminal=$1; shift; exec "$@" <"$terminal" >"$terminal" 2>&1'


def has_terminals() -> bool:
    """Whether this system has pseudo-terminals."""
    return sys.platform != "win32"


def open_terminal(words: Sequence[str]) -> tuple[int, int, list[str]]:
    """Our end of a new terminal, the command's end, and the command that takes that as its own."""
    import pty

    outer, inner = pty.openpty()
    shell = shutil.which("sh") or "sh"
    return outer, inner, [shell, "-c", _ON_TERMINAL, shell, os.ttyname(inner), *words]


def read(terminal: int, take: Callable[[bytes], None]) -> None:
    """Called when the terminal has something; an error there means that its command has ended."""
    try:
        take(os.read(terminal, CHUNK))
    except OSError:
        take(b"")


def resize(terminal: int, size: Mapping[str, int]) -> None:
    """Give the terminal a client's `Width` and `Height`."""
    import fcntl
    import termios

    packed = struct.pack("HHHH", size["Height"], size["Width"], 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, packed)
