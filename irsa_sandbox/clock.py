"""The sandbox's own time, so that a learner can watch a token expire without waiting a day."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from irsa_helpers.ground.state import read_object, write_private

log = logging.getLogger("irsa-lab.clock")

# Dates have years of four digits, and tokens and sessions end later than now.
LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


@dataclass
class _Offsets:
    """How far ahead of real time all are, and the namespaces that have a time of their own."""

    shared: float = 0.0
    own: dict[str, float] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    path: Path | None = None


class Clock:
    """Real time plus an offset that only grows: that of all, or (`of`) that of one namespace."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self._offsets = _Offsets(offset_seconds)
        self._namespace = ""

    @classmethod
    def load(cls, path: Path) -> Clock:
        """The clock as that file keeps it; each later move is kept there, too."""
        kept, clock = read_object(path) or {}, cls()
        own = kept.get("namespaces", {})
        try:
            shared = cls.checked(kept.get("offset_seconds", 0.0))
            namespaces = {name: cls.checked(seconds) for name, seconds in own.items()}
            clock._offsets = _Offsets(shared, namespaces)
        except (ValueError, AttributeError) as error:
            log.warning("the time kept in %s is not used: %s", path, error)
        clock._offsets.path = path
        return clock

    def of(self, namespace: str) -> Clock:
        """The clock that holds in that namespace: the shared one, unless it has its own."""
        clock = copy.copy(self)
        clock._namespace = namespace
        return clock

    @property
    def offset_seconds(self) -> float:
        """How far this clock is ahead of real time."""
        return self._offsets.own.get(self._namespace, self._offsets.shared)

    @staticmethod
    def checked(seconds: float) -> float:
        """The offset, where it is one that leads to a moment before the year 9000.

        Raises ValueError for everything else.
        """
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not 0 <= seconds <= LATEST - time.time():
            raise ValueError(
                f"the clock can only be advanced, and not past the year 9000, not by {seconds!r} "
                "seconds; expected a number such as 3600"
            )
        return seconds

    def time(self) -> float:
        """Seconds since the epoch, in the sandbox."""
        return time.time() + self.offset_seconds

    def now(self) -> datetime:
        """The same moment as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move this clock forward and wake whoever sleeps on it.

        The clock of a namespace is its own from then on: the shared one does not move it any more.
        Raises ValueError for a negative number (time does not run backward here either) and for a
        time that no certificate or token can name.
        """
        moved = self.checked(self.checked(seconds) + self.offset_seconds)
        if self._namespace:
            self._offsets.own[self._namespace] = moved
        else:
            self._offsets.shared = moved
        self._keep()
        self._offsets.moved.set()
        self._offsets.moved = asyncio.Event()

    def forget(self) -> None:
        """The namespace is gone: the next of its name goes by the shared clock."""
        if self._offsets.own.pop(self._namespace, None) is not None:
            self._keep()

    def _keep(self) -> None:
        """The offsets are on disk, where this clock has a file."""
        offsets = self._offsets
        if offsets.path is not None:
            kept = {"offset_seconds": offsets.shared, "namespaces": offsets.own}
            write_private(offsets.path, json.dumps(kept))

    async def moved(self) -> None:
        """Return when any clock is moved next."""
        await self._offsets.moved.wait()

    async def sleep(self, seconds: float) -> None:
        """Return when that many sandbox seconds have passed, by waiting or by `advance`."""
        await self.sleep_until(self.time() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Return when it is that many seconds since the epoch, by waiting or by `advance`."""
        while (left := moment - self.time()) > 0:
            moved = self._offsets.moved
            try:
                await asyncio.wait_for(moved.wait(), left)
            except TimeoutError:
                return
