"""A queue of keys: one at a time, again on failure, and later by the sandbox's clock."""

from __future__ import annotations

import asyncio

from irsa_sandbox.apiclient import ApiError, Key
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.base.loop import WorkQueue, delay_after

KEY = ("default", "app")


class Seen:
    """Counts how often a key was reconciled, and waits for a number of times."""

    def __init__(self, failures: int = 0) -> None:
        self.times = 0
        self._failures = failures
        self._more = asyncio.Condition()

    async def reconcile(self, key: Key) -> None:
        async with self._more:
            self.times += 1
            self._more.notify_all()
        if self.times <= self._failures:
            raise ApiError(409, "Conflict", "not yet")

    async def wait(self, times: int) -> None:
        async with self._more:
            await asyncio.wait_for(self._more.wait_for(lambda: self.times >= times), 10)


def test_a_key_that_waits_is_not_added_twice() -> None:
    async def scenario() -> int:
        seen = Seen()
        queue = WorkQueue("test", seen.reconcile)
        queue.add(KEY)
        queue.add(KEY)
        queue.start()
        await seen.wait(1)
        await queue.stop()
        return seen.times

    assert asyncio.run(scenario()) == 1


def test_a_key_that_fails_comes_again() -> None:
    async def scenario() -> int:
        seen = Seen(failures=2)
        queue = WorkQueue("test", seen.reconcile)
        queue.start()
        queue.add(KEY)
        await seen.wait(3)
        await queue.stop()
        return seen.times

    assert asyncio.run(scenario()) == 3


def test_a_key_for_later_comes_when_the_clock_is_advanced() -> None:
    async def scenario() -> int:
        seen, clock = Seen(), Clock()
        queue = WorkQueue("test", seen.reconcile)
        queue.start()
        queue.add_later(KEY, clock, 7200)
        queue.add_later(KEY, clock, 3600)
        await asyncio.sleep(0)
        assert seen.times == 0
        clock.advance(3600)
        await seen.wait(1)
        clock.advance(7200)
        await queue.stop()
        return seen.times

    assert asyncio.run(scenario()) == 1, "the earlier of two times counts, once"


def test_a_clock_that_is_moved_at_once_is_not_missed() -> None:
    async def scenario() -> int:
        seen, clock = Seen(), Clock()
        queue = WorkQueue("test", seen.reconcile)
        queue.start()
        queue.add_later(KEY, clock, 3600)
        clock.advance(3600)
        await seen.wait(1)
        await queue.stop()
        return seen.times

    assert asyncio.run(scenario()) == 1


def test_the_delay_doubles_up_to_the_longest_however_often_a_key_fails() -> None:
    assert [delay_after(each) for each in (0, 1, 2)] == [0.005, 0.01, 0.02]
    assert [delay_after(each) for each in (17, 18, 1_024, 10**6)] == [655.36, 1000, 1000, 1000]


def test_a_key_that_has_failed_very_often_does_not_stop_the_others() -> None:
    async def scenario() -> list[Key]:
        done: list[Key] = []
        seen = asyncio.Event()

        async def reconcile(key: Key) -> None:
            if key == KEY:
                raise ApiError(422, "Invalid", "never")
            done.append(key)
            seen.set()

        queue = WorkQueue("test", reconcile)
        queue._failures[KEY] = 5_000
        queue.start()
        queue.add(KEY)
        queue.add(("default", "other"))
        await asyncio.wait_for(seen.wait(), 10)
        await queue.stop()
        return done

    assert asyncio.run(scenario()) == [("default", "other")]
