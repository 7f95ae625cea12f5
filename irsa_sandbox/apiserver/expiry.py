"""Objects of some kinds end by themselves, by the sandbox's clock.

Source: kube-apiserver, `--event-ttl`; Events in etcd hang on a lease of that length.
"""

from __future__ import annotations

import asyncio

from irsa_sandbox.apiserver.kinds import KINDS
from irsa_sandbox.apiserver.storage import Store
from irsa_sandbox.clock import Clock

LOOK_SECONDS = 60.0
AT_ONCE = 100  # then others are answered first


async def expire(store: Store, clock: Clock) -> None:
    """Take the objects away whose time is over, for ever."""
    ending = [(kind.qualified, kind.expires) for kind in KINDS if kind.expires]
    while True:
        for plural, expires in ending:
            for number, body in enumerate(store.list(plural)):
                namespace = body["metadata"].get("namespace", "")
                key = (plural, namespace, body["metadata"]["name"])
                # As it is now: it may have changed, or have gone, since the list was made.
                current = store.get(key)
                now = clock.of(namespace).time()
                if current is not None and expires(current) <= now:
                    store.delete(key)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
        await clock.sleep(LOOK_SECONDS)
