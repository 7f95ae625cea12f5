"""The sandbox's own time, so that a learner can watch a token expire without waiting a day."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Real time plus an offset that only grows."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds
        self._moved = asyncio.Event()

    def time(self) -> float:
        """Seconds since the epoch, in the sandbox."""
        return time.time() + self.offset_seconds

    def now(self) -> datetime:
        """The same moment as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time forward and wake whoever sleeps on it.

        Raises ValueError for a negative number: time does not run backward here either.
        """
        if seconds < 0:
            raise ValueError(f"the clock can only be advanced, not by {seconds} seconds")
        self.offset_seconds += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def moved(self) -> None:
        """Return when the time is moved next."""
        await self._moved.wait()

    async def sleep(self, seconds: float) -> None:
        """Return when that many sandbox seconds have passed, by waiting or by `advance`."""
        await self.sleep_until(self.time() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Return when it is that many seconds since the epoch, by waiting or by `advance`."""
        while (left := moment - self.time()) > 0:
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), left)
            except TimeoutError:
                return
