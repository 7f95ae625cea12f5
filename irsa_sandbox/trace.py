"""Every hop of the handshake as one ordered record.

A hop never holds a usable token or a secret: the record is shown in notebooks and on stage.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from irsa_sandbox.clock import Clock

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
    """The last hops, in memory and appended to a file that outlives the sandbox."""

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self._clock = clock
        self._hops: deque[dict[str, Any]] = deque(_read(path), maxlen=KEPT)
        self._seq = self._hops[-1]["seq"] if self._hops else 0
        self._stream = path.open("a", encoding="utf-8", buffering=1) if path else None

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
        self._hops.append(hop.to_dict())
        if self._stream:
            self._stream.write(json.dumps(self._hops[-1], default=str) + "\n")
        return hop

    def since(self, seq: int = 0) -> list[dict[str, Any]]:
        """The hops after number `seq`, oldest first."""
        return [hop for hop in self._hops if hop["seq"] > seq]

    def close(self) -> None:
        """Close the file; nothing can be recorded in it any more."""
        if self._stream:
            self._stream.close()
            self._stream = None


def _read(path: Path | None) -> Iterable[dict[str, Any]]:
    """The hops of an earlier run; a line that a crash cut short, or that is no hop, is left out."""
    if path is None or not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in deque(stream, maxlen=KEPT):
            if (hop := _hop(line)) is not None:
                yield hop


def _hop(line: str) -> dict[str, Any] | None:
    try:
        hop = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(hop, dict) and set(hop) == FIELDS and type(hop["seq"]) is int
    return hop if known else None
