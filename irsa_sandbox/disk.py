"""When the disk is full or a file is damaged: what is said, and what is kept."""

from __future__ import annotations

import errno
import itertools
import shutil
import sqlite3
from pathlib import Path

from irsa_sandbox import notices

TOPIC = "disk"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_full(error: BaseException) -> bool:
    """Whether a write failed for lack of space, as the system or SQLite says."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in FULL


def no_space(folder: Path) -> str:
    """The sentence for a write that was refused; it stays in the status until one succeeds."""
    free = shutil.disk_usage(folder).free
    text = f"no space left in {folder} ({free:,} bytes free): nothing was changed; free some space"
    notices.tell(TOPIC, text)
    return text


def has_space() -> None:
    """A write has succeeded."""
    notices.settle(TOPIC)


def free_name(path: Path) -> Path:
    """A name beside a damaged file that nothing has yet."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())


def set_aside(path: Path, why: str) -> Path:
    """Keep a damaged file under another name, and say so; returns where it is now."""
    aside = free_name(path)
    path.rename(aside)
    notices.tell(str(path), f"{path} is damaged ({why}); it is kept as {aside.name}")
    return aside
