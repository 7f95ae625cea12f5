"""A room full of learners who all arrive at once and run a notebook: `ROOM_SEATS=30` sets how many.

Learners are HTTP and WebSocket clients, which ask for what JupyterLab asks for.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
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


async def visit(room: OpenRoom, number: int, seated: asyncio.Barrier) -> Visit:
    """Come in, open the first notebook; once all have, run the whole of another one."""
    found, begun = Visit(), time.perf_counter()
    async with Learner(room.url) as learner:
        await learner.come_in(f"Learner {number}", room.word)
        await learner.sit_down()
        found.seated = time.perf_counter() - begun
        await learner.open("notebooks/00-welcome.ipynb")
        await learner.run("from irsa_helpers import connect; connect().describe()")
        found.first_cell = time.perf_counter() - begun
        await seated.wait()
        found.cells = await learner.run_notebook(NOTEBOOK)
    return found


def seats_memory() -> dict[int, float]:
    """User number -> MiB of all its programs, shared pages by their share (PSS)."""
    used: dict[int, float] = {}
    for process in psutil.process_iter(["uids"]):
        user = process.info["uids"].real
        if user >= FIRST_SEAT_USER:
            used[user] = used.get(user, 0.0) + _share(process)
    return used


def _share(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / MEBIBYTE
    except psutil.NoSuchProcess:
        return 0.0


def room_seconds(room: OpenRoom) -> float:
    """Processor seconds that the room's own programs have used, and all that they forked."""
    used = 0.0
    for process in room.programs():
        times = process.cpu_times()
        used += times.user + times.system
    return used


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the others does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _visits(room: OpenRoom) -> tuple[list[Visit], float]:
    seated = asyncio.Barrier(SEATS)
    visits = await asyncio.gather(*(visit(room, each, seated) for each in range(SEATS)))
    return visits, room_seconds(room)


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    with (
        tempfile.TemporaryDirectory(prefix="room-") as folder,
        opened(Path(folder) / "room", SEATS) as room,
    ):
        visits, processor = asyncio.run(_visits(room))
        memory = list(seats_memory().values())
    cells = [seconds for each in visits for seconds in each.cells]
    seated, first = [each.seated for each in visits], [each.first_cell for each in visits]
    load = os.getloadavg()[1]
    return [
        ("seats; processors; load of the machine", f"{SEATS}; {os.cpu_count()}; {load:.1f}"),
        ("all at once: a seat, median and last", f"{_both(seated)}"),
        ("all at once: the first cell's answer, median and last", f"{_both(first)}"),
        (
            "processor time of all, until notebook 05 is through",
            f"{processor / SEATS:.1f} s a seat",
        ),
        (
            f"a cell while all run notebook 05 ({len(cells)} runs), p50",
            f"{statistics.median(cells):.2f} s",
        ),
        ("the same, p95", f"{percentile(cells, 0.95):.2f} s"),
        ("memory of a seat after it (PSS), median", f"{statistics.median(memory):.0f} MiB"),
    ]


def _both(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s, {max(values):.1f} s"
