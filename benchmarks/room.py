"""A room full of learners who all arrive at once and run a notebook: `ROOM_SEATS=30` sets how many.

Learners are HTTP and WebSocket clients, which ask for what JupyterLab asks for.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from irsa_helpers.room.learner import Learner
from irsa_helpers.room.setting import FIRST_SEAT_USER
from irsa_helpers.room.trial import OpenRoom, opened

SEATS = int(os.environ.get("ROOM_SEATS", "8"))
NOTEBOOK = "notebooks/05-pod-verification.ipynb"
MEBIBYTE = 2**20


@dataclass
class Visit:
    """What one learner waited for, in seconds."""

    seated: float = 0.0
    first_cell: float = 0.0
    cells: list[float] = field(default_factory=list)


async def visit(
    room: OpenRoom,
    number: int,
    seated: asyncio.Barrier,
    begun_all: Callable[[], Awaitable[None]],
) -> Visit:
    """Come in, open the first notebook; once all have, run the whole of another one."""
    found, begun = Visit(), time.perf_counter()
    async with Learner(room.url) as learner:
        await learner.come_in(f"Learner {number}", room.word)
        await learner.sit_down()
        found.seated = time.perf_counter() - begun
        await learner.open("notebooks/00-welcome.ipynb")
        await learner.run("from irsa_helpers import connect; connect().describe()")
        found.first_cell = time.perf_counter() - begun
        if await seated.wait() == 0:
            await begun_all()
        found.cells = await learner.run_notebook(NOTEBOOK)
    return found


def seats_memory() -> tuple[list[float], list[float]]:
    """MiB of each seat's server, sandbox and kernel, and of its Pods; shared pages by their share.

    Source of the share: proc(5), Pss.
    """
    own: Counter[int] = Counter()
    pods: Counter[int] = Counter()
    for process in psutil.process_iter(["uids", "cmdline"]):
        user = process.info["uids"].real
        if user > FIRST_SEAT_USER:
            forked = "irsa_helpers.room.zygote" in (process.info["cmdline"] or ())
            (own if forked else pods)[user] += _share(process)
    return list(own.values()), [pods[user] for user in own]


def _share(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss) // MEBIBYTE
    except psutil.NoSuchProcess:
        return 0


def room_seconds(room: OpenRoom) -> float:
    """Processor seconds that the room's programs have used, and all that they forked."""
    return sum(sum(process.cpu_times()[:4]) for process in room.programs())


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the others does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _visits(room: OpenRoom) -> tuple[list[Visit], float]:
    """Everybody's visit, and the processor seconds until all had begun."""
    used = [room_seconds(room)]

    async def begun() -> None:
        used.append(room_seconds(room))

    seated = asyncio.Barrier(SEATS)
    visits = [visit(room, each, seated, begun) for each in range(SEATS)]
    return await asyncio.gather(*visits), used[1] - used[0]


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    with (
        tempfile.TemporaryDirectory(prefix="room-") as folder,
        opened(Path(folder) / "room", SEATS) as room,
    ):
        visits, processor = asyncio.run(_visits(room))
        own, pods = seats_memory()
    cells = [seconds for each in visits for seconds in each.cells]
    seated, first = [each.seated for each in visits], [each.first_cell for each in visits]
    load = f"{SEATS}; {os.cpu_count()}; {os.getloadavg()[1]:.1f}"
    return [
        ("seats; processors; load of the machine", load),
        ("all at once: a seat, median and last", _both(seated)),
        ("all at once: the first cell's answer, median and last", _both(first)),
        ("processor time until all have begun", f"{processor / SEATS:.1f} s a seat"),
        ("a cell while all run notebook 05, median", f"{statistics.median(cells):.2f} s"),
        (f"the same, p95 of {len(cells)}", f"{percentile(cells, 0.95):.2f} s"),
        ("memory of a seat after it, median", f"{statistics.median(own):.0f} MiB"),
        ("and of its Pods", f"{statistics.median(pods):.0f} MiB"),
    ]


def _both(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s, {max(values):.1f} s"
