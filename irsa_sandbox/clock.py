"""The sandbox's own time, so that a learner can watch a token expire without waiting a day."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

# Dates have years of four digits, and tokens and sessions end later than now.
LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class Clock:
    """Real time plus an offset that only grows."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds
        self._moved = asyncio.Event()

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
        """Move the sandbox's time forward and wake whoever sleeps on it.

        Raises ValueError for a negative number (time does not run backward here either) and for a
        time that no certificate or token can name.
        """
        self.offset_seconds = self.checked(self.checked(seconds) + self.offset_seconds)
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
