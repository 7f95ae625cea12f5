"""The durable log of acknowledged changes: one JSON line each, on disk before the answer.

A call is written before it is performed, so that nothing is done that could not be kept, and taken
back where it is refused. What a later call has overwritten is left out now and then.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from irsa_sandbox import disk, notices
from irsa_sandbox.aws.records.compaction import Reader, survivors
from irsa_sandbox.aws.services.record import Effect, Entry
from irsa_sandbox.aws.wire.invocations import Invocation

log = logging.getLogger("irsa-lab")

# Of an entry: the call, its time and the seed of what is random in it.
FIELDS = {field.name for field in fields(Invocation)} - {"parameters", "account_id"}
FIELDS |= {"account", "at", "seed"}
# Left alone while shorter and written to; a start goes over it in any case.
SHORT = 2_000


class Journal:
    """An append-only file; a line that a crash cut short was never acknowledged and is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = Reader()
        self._effects: list[Effect] = []
        self._lengths: list[int] = []  # of the lines, in bytes
        self._size = 0
        self._written: tuple[Entry, int] = {}, 0
        self._due = 0  # a start reads all: it leaves out what it can, however little that is
        self._descriptor = _open(path)
        self._read()
        self._compact_when_long()

    def __len__(self) -> int:
        return len(self._lengths)

    def entries(self) -> Iterator[Entry]:
        """What is kept, oldest first."""
        with self._path.open("rb") as stream:
            for line in stream:
                yield json.loads(line)

    def write(self, entry: Entry) -> None:
        """Write an entry, before it is acted on. Raises OSError where there is no space for it."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        try:
            _write(self._descriptor, line)
        except OSError:
            self.take_back()
            raise
        self._written = entry, len(line)

    def keep(self) -> None:
        """The last entry is on the disk itself when this returns. Raises OSError."""
        os.fsync(self._descriptor)
        self._note(*self._written)
        self._compact_when_long()

    def take_back(self) -> None:
        """The last entry is not there any more: what it stands for was refused."""
        os.ftruncate(self._descriptor, self._size)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _note(self, entry: Entry, length: int) -> None:
        self._effects.append(self._reader.effect(entry))
        self._lengths.append(length)
        self._size += length

    def _read(self) -> None:
        """Note what each line does. A line that cannot be read costs itself, and is named."""
        damaged: list[int] = []
        whole: list[bytes] = []
        with self._path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                entry = _entry(line)
                if entry is not None:
                    self._note(entry, len(line))
                    whole.append(line)
                elif line.endswith(b"\n"):
                    damaged.append(number)
        if damaged:
            self._mend(damaged, whole)
        os.ftruncate(self._descriptor, self._size)

    def _mend(self, damaged: list[int], whole: list[bytes]) -> None:
        """The damaged file is kept under another name; all other lines stay."""
        numbers = ", ".join(map(str, damaged[:5])) + " and more" * (len(damaged) > 5)
        aside = disk.free_name(self._path)
        shutil.copy2(self._path, aside)
        self._replace(whole)
        notices.tell(
            str(self._path),
            f"{self._path}: line {numbers} cannot be read and is left out; the other "
            f"{len(whole):,} lines are there. The damaged file is kept as {aside.name}",
        )

    def _compact_when_long(self) -> None:
        """Leave out what was overwritten, once the journal has doubled since the last time."""
        if len(self) < self._due:
            return
        kept = survivors(self._effects)
        if sum(kept) < len(self) / 2:
            try:
                self._compact(kept)
            except OSError as error:
                log.warning("the journal stays as long as it is: %s", error)
        self._due = max(SHORT, 2 * len(self))

    def _compact(self, kept: list[bool]) -> None:
        with self._path.open("rb") as stream:
            lines = [line for line, keep in zip(stream, kept, strict=True) if keep]
        self._replace(lines)
        self._effects = [e for e, keep in zip(self._effects, kept, strict=True) if keep]
        self._lengths = list(map(len, lines))
        self._size = sum(self._lengths)

    def _replace(self, lines: list[bytes]) -> None:
        """The file has these lines, renamed into place: a full disk changes nothing."""
        beside = self._path.with_name(f".{self._path.name}.new")
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _write(descriptor, b"".join(lines))
            os.fsync(descriptor)
            beside.replace(self._path)
        except OSError:
            os.close(descriptor)
            beside.unlink(missing_ok=True)
            raise
        os.close(self._descriptor)
        self._descriptor = descriptor


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)


def _entry(line: bytes) -> Entry | None:
    """The entry of a line; None where there is none in it."""
    try:
        entry = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and set(entry) == FIELDS else None


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
