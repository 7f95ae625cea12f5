"""Every hop of the handshake as one ordered record.

A hop never holds a usable token or a secret: the record is shown in notebooks and on stage.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from irsa_sandbox.clock import Clock
from irsa_sandbox.lean import changes, restored

Outcome = Literal["ok", "denied", "error"]

KINDS = (
    "admission",
    "token-request",
    "token-mount",
    "assume-role",
    "provider",
    "jwks",
    "token-check",
    "trust-policy",
    "session",
    "aws-call",
)
KEPT = 5_000
BYTES_KEPT = 2 * 2**20  # in memory, and in each of the two files
LIKES_KEPT = 200
LIKE, CHANGES = "like", "changes"


@dataclass(frozen=True)
class Hop:
    """One step: who spoke to whom, what was said in a sentence, how it ended, and the details."""

    seq: int
    at: datetime
    kind: str
    source: str
    target: str
    summary: str
    outcome: Outcome
    detail: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The hop as JSON-able data; `at` as ISO 8601."""
        return vars(self) | {"at": self.at.isoformat()}


FIELDS = {field.name for field in fields(Hop)}


class Trace:
    """The last hops, in memory and in a file that outlives the sandbox.

    Most of a hop is what one before it said as well: it is kept as what differs.
    """

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self._clock = clock
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._likes: dict[Hashable, _Like] = {}
        for kept in _read(path):
            self._keep(kept)
        self._seq = self._kept[-1].seq if self._kept else 0
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._ended = False
        self._file = _File(path) if path else None

    def add(
        self,
        kind: str,
        source: str,
        target: str,
        summary: str,
        outcome: Outcome = "ok",
        **detail: Any,
    ) -> Hop:
        """Record a hop and return it. Raises ValueError for a kind that no view knows."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of hop {kind!r}; expected one of {', '.join(KINDS)}")
        self._seq += 1
        hop = Hop(self._seq, self._clock.now(), kind, source, target, summary, outcome, detail)
        kept = self._lean(hop.to_dict())
        self._keep(kept)
        if self._file and self._file.write(kept.text):
            # What the new file says is not to hang on a line of the older one.
            self._likes.clear()
        self._tell()
        return hop

    async def follow(self, since: int = 0) -> AsyncIterator[dict[str, Any]]:
        """The hops after number `since`, and each further one as it happens, until `end`."""
        changed = asyncio.Event()
        self._listeners[changed] = asyncio.get_running_loop()
        try:
            while True:
                changed.clear()
                for hop in await asyncio.to_thread(self.since, since):
                    since = hop["seq"]
                    yield hop
                if self._ended:
                    return
                await changed.wait()
        finally:
            del self._listeners[changed]

    def end(self) -> None:
        """Nobody is to wait for a further hop."""
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        """Wake those who follow; a hop may be recorded in any thread."""
        for changed, loop in list(self._listeners.items()):
            loop.call_soon_threadsafe(changed.set)

    def _lean(self, hop: dict[str, Any]) -> _Kept:
        """The hop as what differs from another one, where that is the smaller part of it."""
        sort = hop["kind"], hop["outcome"], hop["detail"].get("role_arn")
        if like := self._likes.get(sort):
            differing = list(changes(like.hop, hop))
            text = _json({LIKE: like.hop["seq"], CHANGES: differing})
            if len(text) < len(like.text) / 2:
                return _Kept(hop["seq"], text, like.text)
        whole = _json(hop)
        while len(self._likes) >= LIKES_KEPT:
            del self._likes[next(iter(self._likes))]
        self._likes[sort] = _Like(copy.deepcopy(hop), whole)
        return _Kept(hop["seq"], whole)

    def _keep(self, kept: _Kept) -> None:
        self._kept.append(kept)
        self._bytes += len(kept.text)
        while len(self._kept) > KEPT or self._bytes > BYTES_KEPT:
            self._bytes -= len(self._kept.popleft().text)

    def since(self, seq: int = 0) -> list[dict[str, Any]]:
        """The hops after number `seq`, oldest first."""
        return _hops([kept for kept in list(self._kept) if kept.seq > seq])

    def close(self) -> None:
        """Close the file; nothing can be recorded in it any more."""
        if self._file:
            self._file.close()
            self._file = None


class _File:
    """Lines at the end of a file; one that is full becomes the older one, in the place of that."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size if path.exists() else 0
        self._stream = path.open("a", encoding="utf-8", buffering=1)
        if self._size and _last_byte(path) != b"\n":
            self._stream.write("\n")  # a crash cut the line short: the next one stands alone

    def write(self, line: str) -> bool:
        """Add a line; whether the next one begins a new file."""
        self._stream.write(f"{line}\n")
        self._size += len(line) + 1
        if self._size <= BYTES_KEPT:
            return False
        self._stream.close()
        self._path.replace(_older(self._path))
        self._stream = self._path.open("a", encoding="utf-8", buffering=1)
        self._size = 0
        return True

    def close(self) -> None:
        """Close it."""
        self._stream.close()


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read()


@dataclass(frozen=True)
class _Kept:
    """A hop's line, and the line of the whole hop that it differs from, empty for a whole one."""

    seq: int
    text: str
    like: str = ""


@dataclass(frozen=True)
class _Like:
    """A whole hop that others differ from, and its line."""

    hop: dict[str, Any]
    text: str


_json = json.JSONEncoder(default=str, separators=(",", ":")).encode


def _hops(entries: Sequence[_Kept]) -> list[dict[str, Any]]:
    """The whole hops."""
    read = {text: json.loads(text) for text in {kept.like for kept in entries} if text}
    return [
        restored(read[kept.like], json.loads(kept.text)[CHANGES])
        if kept.like
        else json.loads(kept.text)
        for kept in entries
    ]


def _read(path: Path | None) -> Iterator[_Kept]:
    """The hops of an earlier run; a line that a crash cut short, or that is no hop, is left out."""
    for file in (_older(path), path) if path else ():
        whole: dict[int, _Like] = {}
        for line in _last_lines(file):
            if kept := _known(line, whole):
                yield kept


def _last_lines(path: Path) -> Iterator[str]:
    if not path.exists():
        return
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 2 * BYTES_KEPT))
        yield from (line.decode("utf-8", "replace").rstrip("\n") for line in stream)


def _known(line: str, whole: dict[int, _Like]) -> _Kept | None:
    """The hop of a line; None where it is none, or differs from one that is not there.

    `whole` has the whole hops so far, by number; one more is added.
    """
    try:
        hop = json.loads(line)
        like = whole[hop[LIKE]] if LIKE in hop else None
        hop = restored(like.hop, hop[CHANGES]) if like else hop
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if not isinstance(hop, dict) or set(hop) != FIELDS or type(hop["seq"]) is not int:
        return None
    if like is None:
        whole[hop["seq"]] = _Like(hop, line)
    return _Kept(hop["seq"], line, like.text if like else "")
