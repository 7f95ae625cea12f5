"""Watches: what one more watcher of the same costs, and what one that does not read costs.

Figures of several rounds stand as least / median / most.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from kubernetes.client import CoreV1Api

from benchmarks.measure import RUNS, ratio, sandbox, spread
from irsa_sandbox.apiserver.requests import watch
from irsa_sandbox.apiserver.store.storage import Object, Store

FEW, MANY, CHANGES = 1, 100, 50
VALUES = {f"key-{number}": "x" * 100 for number in range(100)}  # 10 kB an object
IDLE, WRITES, BIG = 5, 150, "x" * 900_000


def view(body: Object) -> Object:
    """The whole object."""
    return body


async def _read(lines: asyncio.Queue[None], stream: object, count: int) -> None:
    for _ in range(count):
        await anext(stream)  # type: ignore[call-overload]
        lines.put_nowait(None)


async def _delivered(store: Store, watchers: int) -> float:
    """Milliseconds of processor time for each change, written and told to so many watchers."""
    shown = watch.View("whole", view)
    wanted = watch.WatchRequest(
        resource="configmaps",
        namespace=None,
        selects=lambda body: True,
        first=shown,
        later=shown,
        bookmark={},
        revision=store.revision,
        send_initial_events=False,
        timeout_seconds=600,
    )
    heard: asyncio.Queue[None] = asyncio.Queue()
    readers = [
        asyncio.create_task(_read(heard, watch.events(store, wanted), CHANGES))
        for _ in range(watchers)
    ]
    await asyncio.sleep(0)
    begun = time.process_time()
    for number in range(CHANGES):
        body = {"metadata": {"name": f"c-{number}", "namespace": "x"}, "data": VALUES}
        store.put(("configmaps", "x", f"c-{number}"), body)
        for _ in range(watchers):
            await heard.get()
    taken = time.process_time() - begun
    await asyncio.gather(*readers)
    return taken / CHANGES * 1000


def milliseconds(watchers: int) -> float:
    """The same, with a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "kubernetes.sqlite3")
        try:
            return asyncio.run(_delivered(store, watchers))
        finally:
            store.close()


def unread() -> tuple[float, float]:
    """MB of the sandbox's memory before and after much was written that some watches do not read.

    Before, as much was written once: the history that every watch shares is full.
    """
    with sandbox() as (world, _):
        core, process = CoreV1Api(world.kubernetes), psutil.Process(world.sandbox["pid"])
        core.create_namespaced_config_map("default", {"metadata": {"name": "big"}})

        def write() -> float:
            for number in range(WRITES):
                body = {"metadata": {"name": "big"}, "data": {"n": str(number), "text": BIG}}
                core.replace_namespaced_config_map("big", "default", body, _preload_content=False)
            return process.memory_info().rss / 1e6

        before = write()
        idle = [
            core.list_namespaced_config_map("default", watch=True, _preload_content=False)
            for _ in range(IDLE)
        ]
        after = write()
        for each in idle:
            each.close()
        return before, after


def report() -> Iterator[tuple[str, str]]:
    """Watchers that read, then watchers that do not."""
    few, many = ([milliseconds(count) for _ in range(RUNS)] for count in (FEW, MANY))
    yield f"CPU of a change of 10 kB told to {FEW} watcher", spread(few, "ms")
    yield f"CPU of a change of 10 kB told to {MANY} watchers", spread(many, "ms")
    yield f"ratio of the medians ({MANY} times the watchers)", ratio(many, few)
    before, after = unread()
    written = WRITES * len(BIG) / 1e6
    yield f"memory after {written:.0f} MB of changes", f"{before:.0f} MB"
    yield f"memory after as much again that {IDLE} watches do not read", f"{after:.0f} MB"
