"""Events end an hour after they were last seen, by the sandbox's clock, and where there are many.

Source: kube-apiserver, `--event-ttl` (1h0m0s); Events in etcd hang on a lease of that length.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from irsa_sandbox.apiserver.storage import Object, Store
from irsa_sandbox.clock import Clock

RESOURCE = "events"
TTL_SECONDS = 3600.0
LOOK_SECONDS = 60.0
# No cluster has such a limit, nor is one kept in the memory of a notebook's machine: each Pod that
# comes and goes leaves six of them.
MOST = 3_000
AT_ONCE = 100  # then others are answered first


async def expire(store: Store, clock: Clock) -> None:
    """Take the Events away whose time is over, and the oldest of too many, for ever."""
    while True:
        events = sorted(store.list(RESOURCE), key=_revision)
        surplus = len(events) - MOST
        for number, event in enumerate(events):
            metadata = event["metadata"]
            key = (RESOURCE, metadata["namespace"], metadata["name"])
            # As it is now: it may have been counted again, or have gone, since the list was made.
            current = store.get(key)
            now = clock.of(metadata["namespace"]).time()
            if current is event and (number < surplus or last_seen(event) + TTL_SECONDS <= now):
                store.delete(key)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        await clock.sleep(LOOK_SECONDS)


def _revision(event: Object) -> int:
    return int(event["metadata"]["resourceVersion"])


def last_seen(event: Object) -> float:
    """When an Event was made or counted last, in seconds since 1970."""
    series = event.get("series") or {}
    times = (
        event["metadata"].get("creationTimestamp"),
        event.get("lastTimestamp"),
        series.get("lastObservedTime"),
    )
    return max((datetime.fromisoformat(each).timestamp() for each in times if each), default=0.0)
