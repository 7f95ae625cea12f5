"""What grows with what is there, and what must not: ratios of one run.

Figures of several rounds stand as least / median / most.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kubernetes.client import ApiException, CoreV1Api

from benchmarks.measure import cpu_seconds, in_turns, ratio, sandbox, spread
from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld

FEW, MANY = 1_000, 50_000
GOING = 10_000
PAGE = 500
ROUNDS, PER_ROUND = 5, 200
LISTS = 3
LONGEST_SECONDS = 300


def create(core: CoreV1Api, first: int, last: int) -> None:
    """ConfigMaps by number, over the API."""
    for number in range(first, last):
        body = {"metadata": {"name": f"c-{number:06}"}, "data": {"a": "b"}}
        core.create_namespaced_config_map("crowded", body, _preload_content=False)


def grown(home: Path, counts: dict[str, int]) -> SandboxWorld:
    """The sandbox started anew, with so many more ConfigMaps in each namespace.

    They are copies of one that was created, written where the sandbox will read them: over the API
    the same would take a quarter of an hour.
    """
    launch.stop_sandbox(home)
    with contextlib.closing(sqlite3.connect(home / "kubernetes.sqlite3")) as database, database:
        query = "SELECT body FROM objects WHERE resource = 'configmaps' AND name = 'c-000000'"
        model = json.loads(database.execute(query).fetchone()[0])
        rows = (
            ("configmaps", namespace, name, _copy(model, namespace, name))
            for namespace, count in counts.items()
            for name in (f"copy-{number:06}" for number in range(count))
        )
        database.executemany("INSERT INTO objects VALUES (?, ?, ?, ?)", rows)
    return SandboxWorld(launch.ensure_sandbox(home))


def _copy(model: dict[str, Any], namespace: str, name: str) -> str:
    own = {"name": name, "namespace": namespace, "uid": str(uuid.uuid4())}
    return json.dumps(model | {"metadata": model["metadata"] | own})


def milliseconds_each(world: SandboxWorld, core: CoreV1Api, first: int) -> list[float]:
    """Of the sandbox's processor, for each of some more ConfigMaps: a figure for each round."""
    pid, found = world.sandbox["pid"], []
    for begin in range(first, first + ROUNDS * PER_ROUND, PER_ROUND):
        before = cpu_seconds(pid)
        create(core, begin, begin + PER_ROUND)
        found.append((cpu_seconds(pid) - before) / PER_ROUND * 1000)
    return found


def listing(core: CoreV1Api, limit: int | None) -> Callable[[], float]:
    """The time to read the whole list, in pages or at once."""

    def seconds() -> float:
        begun, token = time.perf_counter(), None
        while True:
            page: Any = core.list_namespaced_config_map(
                "crowded", limit=limit, _continue=token, _preload_content=False
            )
            token = json.loads(page.data)["metadata"].get("continue")
            if not token:
                return time.perf_counter() - begun

    return seconds


def seconds_to_go(core: CoreV1Api, namespace: str) -> float:
    """The time from the deletion of a namespace until it is not there any more."""
    begun = time.perf_counter()
    core.delete_namespace(namespace)
    while time.perf_counter() - begun < LONGEST_SECONDS:
        try:
            core.read_namespace(namespace)
        except ApiException:
            break
        time.sleep(0.1)
    return time.perf_counter() - begun


def report() -> Iterator[tuple[str, str]]:
    """Objects, pages, a namespace's end."""
    with sandbox() as (world, home):
        core = CoreV1Api(world.kubernetes)
        for name in ("crowded", "going"):
            core.create_namespace({"metadata": {"name": name}})
        create(core, 0, FEW)
        early = milliseconds_each(world, core, FEW)
        there = FEW + ROUNDS * PER_ROUND
        world = grown(home, {"crowded": MANY - there, "going": GOING})
        core = CoreV1Api(world.kubernetes)
        late = milliseconds_each(world, core, there)
        yield f"CPU per ConfigMap where {FEW:,} are there", spread(early, "ms")
        yield f"CPU per ConfigMap where {MANY + GOING:,} are there", spread(late, "ms")
        yield "ratio of the medians", ratio(late, early)
        whole, paged = in_turns(LISTS, listing(core, None), listing(core, PAGE))
        yield f"a list of {MANY + ROUNDS * PER_ROUND:,}, whole", spread(whole, "s")
        yield f"the same in pages of {PAGE}", spread(paged, "s")
        yield "ratio of the medians", ratio(paged, whole)
        yield f"a namespace of {GOING:,} gone after", f"{seconds_to_go(core, 'going'):.1f} s"
