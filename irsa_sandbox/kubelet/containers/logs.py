"""A container's log: written as a container runtime does, read as `kubectl logs` asks.

Each record is one line `TIME STREAM TAG TEXT`; the tag is F for a full line, P for a part of one.
Source: Kubernetes design, "CRI: logging".
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from irsa_sandbox.clock import Clock

LARGEST_BYTES = 10 * 1024 * 1024
LONGEST_LINE_BYTES = 16 * 1024
CHUNK = 64 * 1024
STREAMS = {1: b"stdout", 2: b"stderr"}


@dataclass(frozen=True)
class LogOptions:
    """What of a log is wanted; `since` is a moment as it stands in the records."""

    tail: int | None = None
    since: bytes = b""
    timestamps: bool = False
    limit_bytes: int | None = None
    follow: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str], now: datetime) -> LogOptions:
        """The options of a request. Raises ValueError for what is no number or no time."""
        since = b""
        if "sinceTime" in query:
            since = _stamp(datetime.fromisoformat(query["sinceTime"]).astimezone(UTC))
        elif "sinceSeconds" in query:
            since = _stamp(now - timedelta(seconds=int(query["sinceSeconds"])))
        return cls(
            tail=int(query["tailLines"]) if "tailLines" in query else None,
            since=since,
            timestamps=query.get("timestamps") == "true",
            limit_bytes=int(query["limitBytes"]) if "limitBytes" in query else None,
            follow=query.get("follow") == "true",
        )


class ContainerLog:
    """The log of one run of a container, while it is being written."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._stream: BinaryIO = path.open("ab", buffering=0)
        self._begun = dict.fromkeys(STREAMS, b"")
        self._changed = asyncio.Event()
        self.closed = False

    def write(self, fd: int, chunk: bytes) -> None:
        """Append output; a line that is not complete yet waits for its end."""
        *lines, rest = (self._begun[fd] + chunk).split(b"\n")
        start = self._start(fd)
        records = [b"%s F %s\n" % (start, line) for line in lines]
        while len(rest) > LONGEST_LINE_BYTES:
            records.append(b"%s P %s\n" % (start, rest[:LONGEST_LINE_BYTES]))
            rest = rest[LONGEST_LINE_BYTES:]
        self._begun[fd] = rest
        if records:
            self._append(b"".join(records))

    def close(self) -> None:
        """Write what was begun; whoever follows comes to the end."""
        rest = [b"%s P %s\n" % (self._start(fd), text) for fd, text in self._begun.items() if text]
        if not self.closed:
            self.closed = True
            self._append(b"".join(rest))
            self._stream.close()

    def _start(self, fd: int) -> bytes:
        return _stamp(self._clock.now()) + b" " + STREAMS[fd]

    def _append(self, records: bytes) -> None:
        self._stream.write(records)
        if self._stream.tell() > LARGEST_BYTES and not self.closed:
            self._rotate()
        self._changed.set()
        self._changed = asyncio.Event()

    def _rotate(self) -> None:
        """Keep the last full file beside the new one, as a kubelet limits what a container says."""
        self._stream.close()
        self.path.replace(self.path.with_suffix(".log.1"))
        self._stream = self.path.open("ab", buffering=0)

    async def wait(self) -> None:
        """Return when something was written."""
        await self._changed.wait()


async def read(
    path: Path, options: LogOptions, live: ContainerLog | None = None
) -> AsyncIterator[bytes]:
    """The wanted part of a log; with `follow`, what comes until the live log is closed."""
    left = options.limit_bytes
    async for text in _texts(path, options, live):
        if left is not None:
            text = text[:left]
            left -= len(text)
        yield text
        if left == 0:
            return


async def _texts(
    path: Path, options: LogOptions, live: ContainerLog | None
) -> AsyncIterator[bytes]:
    stream = path.open("rb")
    try:
        kept = deque(_wanted(stream, options), maxlen=options.tail)
        if kept:
            yield b"".join(kept)
        while options.follow and live is not None:
            if text := b"".join(_wanted(stream, options)):
                yield text
            elif _rotated(stream, path):
                stream.close()
                stream = path.open("rb")
            elif live.closed:
                return
            else:
                await live.wait()
    finally:
        stream.close()


def _wanted(stream: Iterable[bytes], options: LogOptions) -> Iterator[bytes]:
    """The texts of the records from `since` on."""
    for record in stream:
        stamp, _, tag, line = record.split(b" ", 3)
        if stamp < options.since:
            continue
        text = line if tag == b"F" else line[:-1]
        yield stamp + b" " + text if options.timestamps else text


def _rotated(stream: BinaryIO, path: Path) -> bool:
    try:
        return os.fstat(stream.fileno()).st_ino != path.stat().st_ino
    except FileNotFoundError:
        return False


def _stamp(moment: datetime) -> bytes:
    """RFC 3339 with nine digits of a second: records can be compared as bytes."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z").encode()
