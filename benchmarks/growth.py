"""What grows with what is there, and what must not: ratios of one run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from kubernetes.client import ApiException, CoreV1Api

from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld

STEPS = (1_000, 10_000)
PAGE = 500
LONGEST_SECONDS = 300


def cpu_seconds(world: SandboxWorld) -> float:
    """The processor time of the sandbox so far."""
    times = psutil.Process(world.sandbox["pid"]).cpu_times()
    return float(times.user + times.system)


def fill(core: CoreV1Api, namespace: str, first: int, last: int) -> None:
    """ConfigMaps by number."""
    for number in range(first, last):
        core.create_namespaced_config_map(
            namespace, {"metadata": {"name": f"c-{number:06}"}, "data": {"a": "b"}}
        )


def cpu_per_object(world: SandboxWorld, core: CoreV1Api, first: int, count: int) -> float:
    """Milliseconds of the sandbox's processor for each of some more ConfigMaps."""
    before = cpu_seconds(world)
    fill(core, "crowded", first, first + count)
    return (cpu_seconds(world) - before) / count * 1000


def seconds_to_list(core: CoreV1Api, limit: int | None) -> float:
    """The time to read the whole list, in pages or at once."""
    begun, token = time.perf_counter(), None
    while True:
        page: Any = core.list_config_map_for_all_namespaces(
            limit=limit, _continue=token, _preload_content=False
        )
        token = _continued(page.data)
        if not token:
            return time.perf_counter() - begun


def _continued(body: bytes) -> str | None:
    import json

    return json.loads(body)["metadata"].get("continue")


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
    few, many = STEPS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        world = SandboxWorld(launch.ensure_sandbox(home))
        try:
            core = CoreV1Api(world.kubernetes)
            core.create_namespace({"metadata": {"name": "crowded"}})
            fill(core, "crowded", 0, few)
            early = cpu_per_object(world, core, few, 500)
            fill(core, "crowded", few + 500, many)
            late = cpu_per_object(world, core, many, 500)
            yield (
                f"CPU per ConfigMap after {few:,}, after {many:,}",
                (f"{early:.2f} ms, {late:.2f} ms: ratio {late / early:.2f}"),
            )
            whole, paged = seconds_to_list(core, None), seconds_to_list(core, PAGE)
            yield (
                f"the list whole, in pages of {PAGE}",
                (f"{whole:.2f} s, {paged:.2f} s: ratio {paged / whole:.2f}"),
            )
            yield f"a namespace of {many:,} gone after", f"{seconds_to_go(core, 'crowded'):.1f} s"
        finally:
            launch.stop_sandbox(home)
