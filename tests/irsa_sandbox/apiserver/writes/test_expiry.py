"""An Event is there for an hour of the sandbox's time after it was last seen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.apiserver.kinds import events
from irsa_sandbox.apiserver.store.storage import Store
from irsa_sandbox.apiserver.writes import expiry
from irsa_sandbox.clock import Clock


def event(name: str, clock: Clock, minutes: float, **more: Any) -> dict[str, Any]:
    made = (clock.now() - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {"namespace": "default", "name": name, "creationTimestamp": made}
    return {"metadata": metadata, **more}


def test_events_end_with_their_hour_and_with_a_moved_clock(tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "kubernetes.sqlite3"), Clock()
    seen_now = {"lastTimestamp": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    series = {"series": {"count": 3, "lastObservedTime": clock.now().isoformat()}}
    for body in (
        event("old", clock, 61),
        event("young", clock, 30),
        event("counted", clock, 120, **seen_now),
        event("series", clock, 120, **series),
        event("without a time", clock, 120, lastTimestamp=None, series=None),
    ):
        store.put(("events", "default", body["metadata"]["name"]), body)

    async def run() -> list[set[str]]:
        loop = asyncio.create_task(expiry.expire(store, clock))
        left = []
        for minutes in (0, 31, 30):
            clock.advance(minutes * 60)
            await asyncio.sleep(0.05)
            left.append({each["metadata"]["name"] for each in store.list("events")})
        loop.cancel()
        return left

    assert asyncio.run(run()) == [{"young", "counted", "series"}, {"counted", "series"}, set()]
    store.close()


def test_of_too_many_events_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "KINDS", (replace(events.EVENT, most=3),))
    store, clock = Store(tmp_path / "kubernetes.sqlite3"), Clock()
    for name in ("e", "d", "c", "b", "a", "e"):  # what is counted again is the youngest
        store.put(("events", "default", name), event(name, clock, 1))

    async def run() -> None:
        loop = asyncio.create_task(expiry.expire(store, clock))
        await asyncio.sleep(0.05)
        loop.cancel()

    asyncio.run(run())
    assert {each["metadata"]["name"] for each in store.list("events")} == {"b", "a", "e"}
    store.close()


@pytest.mark.parametrize("told", [{}, {"series": {}}, {"lastTimestamp": None}])
def test_what_says_no_time_was_seen_when_it_was_made(told: dict[str, Any]) -> None:
    made = {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}, **told}
    assert events.last_seen(made) == 1767225600.0
