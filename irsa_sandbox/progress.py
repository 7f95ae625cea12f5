"""How far a start has come, for whoever waits for it: one line in a file, renewed at times."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

SECONDS = 0.3

_file: Path | None = None
_latest = 0.0


def begin(file: Path) -> None:
    """From now on reports are written to that file."""
    global _file, _latest
    _file, _latest = file, time.monotonic()


def report(text: str) -> None:
    """Say what is being done; most calls do nothing, so that it may be called for each of many."""
    global _latest
    if _file is None or time.monotonic() - _latest < SECONDS:
        return
    _latest = time.monotonic()
    # A report that cannot be written is dropped; the start itself says what is wrong.
    with contextlib.suppress(OSError):
        _file.write_text(text, encoding="utf-8")


def end() -> None:
    """The start is over."""
    global _file
    if _file is not None:
        _file.unlink(missing_ok=True)
    _file = None
