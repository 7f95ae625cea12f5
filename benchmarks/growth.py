"""What grows with what is there, and what must not: ratios of one run.

Figures of several rounds stand as least / median / most.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from kubernetes.client import ApiException, CoreV1Api

from benchmarks.measure import cpu_seconds, in_turns, sandbox, spread
from irsa_helpers.worlds.sandbox import SandboxWorld

FEW, MANY = 1_000, 50_000
GOING = 10_000
PAGE = 500
ROUNDS, PER_ROUND = 5, 200
LISTS = 3
LONGEST_SECONDS = 300


def fill(core: CoreV1Api, namespace: str, first: int, last: int) -> None:
    """ConfigMaps by number."""
    for number in range(first, last):
        core.create_namespaced_config_map(
            namespace,
            {"metadata": {"name": f"c-{number:06}"}, "data": {"a": "b"}},
            _preload_content=False,
        )


def milliseconds_each(world: SandboxWorld, core: CoreV1Api, first: int) -> list[float]:
    """Of the sandbox's processor, for each of some more ConfigMaps: a figure for each round."""
    pid, found = world.sandbox["pid"], []
    for begin in range(first, first + ROUNDS * PER_ROUND, PER_ROUND):
        before = cpu_seconds(pid)
        fill(core, "crowded", begin, begin + PER_ROUND)
        found.append((cpu_seconds(pid) - before) / PER_ROUND * 1000)
    return found


def listing(core: CoreV1Api, limit: int | None) -> Callable[[], float]:
    """The time to read the whole list, in pages or at once."""

    def seconds() -> float:
        begun, token = time.perf_counter(), None
        while True:
            page: Any = core.list_config_map_for_all_namespaces(
                limit=limit, _continue=token, _preload_content=False
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
    with sandbox() as (world, _):
        core = CoreV1Api(world.kubernetes)
        for name in ("crowded", "going"):
            core.create_namespace({"metadata": {"name": name}})
        measured = ROUNDS * PER_ROUND
        fill(core, "crowded", 0, FEW)
        early = milliseconds_each(world, core, FEW)
        fill(core, "crowded", FEW + measured, MANY)
        late = milliseconds_each(world, core, MANY)
        ratio = statistics.median(late) / statistics.median(early)
        yield f"CPU per ConfigMap where {FEW:,} are there", spread(early, "ms")
        yield f"CPU per ConfigMap where {MANY:,} are there", spread(late, "ms")
        yield "ratio of the medians", f"{ratio:.2f}"
        whole, paged = in_turns(LISTS, listing(core, None), listing(core, PAGE))
        ratio = statistics.median(paged) / statistics.median(whole)
        yield f"a list of {MANY + measured:,}, whole", spread(whole, "s")
        yield f"the same in pages of {PAGE}", spread(paged, "s")
        yield "ratio of the medians", f"{ratio:.2f}"
        fill(core, "going", 0, GOING)
        yield f"a namespace of {GOING:,} gone after", f"{seconds_to_go(core, 'going'):.1f} s"
