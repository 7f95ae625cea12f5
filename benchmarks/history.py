"""What must not grow with what was: starts after many writes, memory after many Pods.

Figures of several rounds stand as least / median / most.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from kubernetes.client import CoreV1Api

from benchmarks.measure import RUNS, ratio, sandbox, spread
from benchmarks.soak import prepare, services
from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld

WRITES = int(os.environ.get("WRITES", "100000"))
WRITERS = 4
KEYS = 10
FEW_PODS, MANY_PODS = 400, int(os.environ.get("PODS", "4000"))
BATCH = 40


def write_many(world: SandboxWorld, name: str, count: int) -> None:
    """So many writes over ten keys of S3 or DynamoDB, by some clients at once."""

    writers = [services(world)[name].write for _ in range(WRITERS)]

    def some(first: int) -> None:
        for number in range(first, count, WRITERS):
            writers[first](f"soak-{number % KEYS}", str(number))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(some, range(WRITERS)))


def starts(home: Path) -> list[float]:
    """The seconds of each of some starts of a sandbox that stands still."""
    found = []
    for _ in range(RUNS):
        launch.stop_sandbox(home)
        begun = time.perf_counter()
        launch.ensure_sandbox(home)
        found.append(time.perf_counter() - begun)
    return found


def after_writes() -> Iterator[tuple[str, str]]:
    """How much longer a start takes after many writes than before them."""
    with sandbox() as (world, home):
        prepare(world)
        fresh = starts(home)
        yield "a start where ten keys are to come", spread(fresh, "s")
        for name in ("S3", "DynamoDB"):
            world = SandboxWorld(launch.ensure_sandbox(home))
            write_many(world, name, WRITES // 2)
            yield f"after {WRITES // 2:,} writes to {name}: on disk", f"{_megabytes(home):.1f} MB"
        late = starts(home)
        yield f"a start after {WRITES:,} writes over ten keys of each", spread(late, "s")
        yield "ratio of the medians", ratio(late, fresh)


def _megabytes(home: Path) -> float:
    files = [each for each in (home / "aws").rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files) / 1e6


def cycle(core: CoreV1Api, first: int, last: int) -> None:
    """Create Pods and delete them, some at a time; return when all are gone."""
    container = {"name": "app", "image": "busybox", "command": ["sleep", "60"]}
    for begin in range(first, last, BATCH):
        names = [f"p-{number}" for number in range(begin, min(begin + BATCH, last))]
        for name in names:
            body = {"metadata": {"name": name}, "spec": {"containers": [container]}}
            core.create_namespaced_pod("default", body)
        for name in names:
            core.delete_namespaced_pod(name, "default", grace_period_seconds=0)
        while core.list_namespaced_pod("default", limit=1).items:
            time.sleep(0.05)


def after_pods() -> Iterator[tuple[str, str]]:
    """The sandbox's resident memory after some Pods came and went, and after many."""
    with sandbox() as (world, _):
        core, process = CoreV1Api(world.kubernetes), psutil.Process(world.sandbox["pid"])
        cycle(core, 0, FEW_PODS)
        few = process.memory_info().rss
        cycle(core, FEW_PODS, MANY_PODS)
        many = process.memory_info().rss
        yield f"memory after {FEW_PODS:,} Pods came and went", f"{few / 1e6:.0f} MB"
        yield f"memory after {MANY_PODS:,}", f"{many / 1e6:.0f} MB"
        yield "ratio", f"{many / few:.2f}"


def report() -> Iterator[tuple[str, str]]:
    """Writes, then Pods."""
    yield from after_writes()
    yield from after_pods()
