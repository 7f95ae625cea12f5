"""Objects of some kinds end by themselves: when their time is over, or when there are too many.

Source: kube-apiserver, `--event-ttl`; Events in etcd hang on a lease of that length.
"""

from __future__ import annotations

import asyncio

from irsa_sandbox.apiserver.kinds import KINDS, Kind
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.clock import Clock

LOOK_SECONDS = 60.0
AT_ONCE = 100  # objects, before other requests get a turn


async def expire(store: Store, clock: Clock) -> None:
    """Delete objects whose time is over, and the oldest of too many; never returns."""
    while True:
        for kind in KINDS:
            if kind.expires:
                await _expire(store, clock, kind)
        await clock.sleep(LOOK_SECONDS)


async def _expire(store: Store, clock: Clock, kind: Kind) -> None:
    bodies = sorted(store.list(kind.qualified), key=_revision)
    surplus = len(bodies) - kind.most if kind.most else 0
    for number, body in enumerate(bodies):
        namespace = body["metadata"].get("namespace", "")
        key = (kind.qualified, namespace, body["metadata"]["name"])
        over = number < surplus or _is_over(kind, body, clock.of(namespace))
        # Since the list was made, it may have been changed or deleted.
        if over and store.get(key) is body:
            store.delete(key)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


def _is_over(kind: Kind, body: Object, clock: Clock) -> bool:
    return kind.expires is not None and kind.expires(body) <= clock.time()


def _revision(body: Object) -> int:
    return int(body["metadata"]["resourceVersion"])
