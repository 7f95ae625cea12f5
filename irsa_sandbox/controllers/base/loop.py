"""What all controllers share: a queue of keys, each reconciled one at a time, again on failure."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from irsa_sandbox.apiclient import ApiError, Key
from irsa_sandbox.clock import Clock
from irsa_sandbox.loops import end, keep_running

log = logging.getLogger("irsa-lab.controllers")

# Source: client-go, util/workqueue, DefaultTypedControllerRateLimiter.
FIRST_DELAY_SECONDS = 0.005
LONGEST_DELAY_SECONDS = 1000.0
# More doublings than this pass the longest delay, and in the end what a float can hold.
MOST_DOUBLINGS = 18


class WorkQueue:
    """Runs `reconcile(key)` for every key that was added; a key that fails comes again later."""

    def __init__(
        self,
        name: str,
        reconcile: Callable[[Key], Awaitable[None]],
        longest_delay: float = LONGEST_DELAY_SECONDS,
    ) -> None:
        self._name = name
        self._longest_delay = longest_delay
        self._reconcile = reconcile
        self._waiting: dict[Key, None] = {}
        self._failures: dict[Key, int] = {}
        self._added = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._later: set[asyncio.TimerHandle] = set()
        self._timers: dict[Key, tuple[float, asyncio.Task[None]]] = {}

    def add(self, key: Key) -> None:
        """Reconcile this key soon; a key that waits already is not added twice."""
        self._waiting[key] = None
        self._added.set()

    def add_later(self, key: Key, clock: Clock, seconds: float) -> None:
        """Reconcile this key when that much of the sandbox's time has passed, or before."""
        clock = clock.of(key[0])
        due = clock.time() + seconds
        if key in self._timers:
            earlier, task = self._timers[key]
            if earlier <= due and not task.done():
                return
            task.cancel()

        async def wait() -> None:
            # Not `sleep(seconds)`: the clock may be moved before this begins.
            await clock.sleep_until(due)
            del self._timers[key]
            self.add(key)

        self._timers[key] = due, asyncio.create_task(wait(), name=f"{self._name} {key} later")

    def start(self) -> None:
        """Begin to work."""
        title = f"controller {self._name}"
        self._task = asyncio.create_task(keep_running(title, self._run), name=title)

    async def stop(self) -> None:
        """Stop after the key in hand."""
        for handle in self._later:
            handle.cancel()
        for _, task in self._timers.values():
            task.cancel()
        await end(self._task)

    async def _run(self) -> None:
        while True:
            while self._waiting:
                key = next(iter(self._waiting))
                del self._waiting[key]
                await self._one(key)
            await self._added.wait()
            self._added.clear()

    def _again(self, key: Key) -> None:
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(delay_after(failures), self._longest_delay)
        self._later = {handle for handle in self._later if handle.when() > self._now()}
        self._later.add(asyncio.get_running_loop().call_later(delay, self.add, key))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _one(self, key: Key) -> None:
        try:
            await self._reconcile(key)
        except ApiError as error:
            log.debug("%s %s: %s; again later", self._name, key, error)
            self._again(key)
        except Exception:
            # One object that a controller cannot handle must not stop it for all others.
            log.exception("%s %s", self._name, key)
            self._again(key)
        else:
            self._failures.pop(key, None)


def delay_after(failures: int) -> float:
    """Seconds until a key comes again that has failed so many times before."""
    delay: float = FIRST_DELAY_SECONDS * 2 ** min(failures, MOST_DOUBLINGS)
    return min(delay, LONGEST_DELAY_SECONDS)
