"""The durable log of acknowledged changes: one JSON line each, on disk before the answer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """An append-only file; a line that a crash cut short was never acknowledged and is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._drop_torn_line()

    def entries(self) -> Iterator[dict[str, Any]]:
        """What was appended, oldest first."""
        with self._path.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)

    def append(self, entry: dict[str, Any]) -> None:
        """Write an entry; it is on disk when this returns."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        size = os.fstat(self._descriptor).st_size
        try:
            _write(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _drop_torn_line(self) -> None:
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(self._descriptor, whole)


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
