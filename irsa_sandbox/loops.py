"""Loops that never end: one that dies is begun again after a while, and the status says so."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

log = logging.getLogger("irsa-lab.loops")

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 30.0
# More doublings than this pass the longest delay, and in the end what a float can hold.
MOST_DOUBLINGS = 9
# A loop that ran this long begins again as if it had never died.
STEADY_SECONDS = 60.0

_restarts: dict[str, dict[str, Any]] = {}


async def keep_running(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    """Run the loop for ever; an error is logged and counted, and after a pause it begins again."""
    failures = 0
    while True:
        began = time.monotonic()
        try:
            return await loop()
        except Exception as error:
            log.exception("%s begins again", name)
            failures = 0 if time.monotonic() - began > STEADY_SECONDS else failures
            _count(name, error)
            delay = FIRST_DELAY_SECONDS * 2 ** min(failures, MOST_DOUBLINGS)
            await asyncio.sleep(min(delay, LONGEST_DELAY_SECONDS))
            failures += 1


async def end(task: asyncio.Task[None] | None) -> None:
    """The background task has ended; None stands for one that never began."""
    if task:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _count(name: str, error: Exception) -> None:
    times = _restarts.get(name, {}).get("times", 0) + 1
    _restarts[name] = {"times": times, "last_error": f"{type(error).__name__}: {error}"}


def restarted() -> dict[str, dict[str, Any]]:
    """Name of each loop of this process that has died -> how often, and of what."""
    return {name: dict(restarts) for name, restarts in _restarts.items()}
