"""A room full of learners: they arrive, all run notebook 05, and are asked what they waited for.

Learners are HTTP and WebSocket clients, which ask for what JupyterLab asks for. Whoever is refused
ends the run. `ROOM_SEATS=30` sets how many there are, `ROOM_WITHIN=60` in how many seconds they
arrive (0: all at once), `ROOM_READING=2` how long each reads before the next cell, on average.
`ROOM_WHOLE=yes` has them go through notebooks 00 to 04 before and two labs after it.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from irsa_workshop.room.learner import Learner
from irsa_workshop.room.trial import OpenRoom, opened

SEATS = int(os.environ.get("ROOM_SEATS", "8"))
WITHIN = float(os.environ.get("ROOM_WITHIN", "0"))
READING = float(os.environ.get("ROOM_READING", "2"))
WHOLE = os.environ.get("ROOM_WHOLE", "") == "yes"
FIRST, *BETWEEN, MEASURED = (
    f"notebooks/{name}.ipynb"
    for name in (
        *("00-welcome", "01-why-irsa", "02-oidc-association", "03-trust-policy"),
        *("04-service-account", "05-pod-verification"),
    )
)
LABS = ("01", "02")
KINDS = ("seat", "sandbox", "kernel")
"""What a seat consists of: its server, and what that starts. Source: zygote.PRELOADED."""
MEBIBYTE = 2**20


@dataclass
class Visit:
    """What one learner waited for, in seconds."""

    seated: float = 0.0
    first_cell: float = 0.0
    cells: list[float] = field(default_factory=list)
    connected_again: int = 0


async def visit(room: OpenRoom, number: int, all_here: Callable[[], Awaitable[None]]) -> Visit:
    """Come in, open the first notebook; once all have, run the whole of another one."""
    await asyncio.sleep(WITHIN * number / SEATS)
    visited, begun = Visit(), time.perf_counter()
    async with Learner(room.url) as learner:
        await learner.come_in(f"Learner {number}", room.word)
        await learner.sit_down()
        visited.seated = time.perf_counter() - begun
        await learner.open(FIRST)
        await learner.run("from irsa_helpers import connect; connect().describe()")
        visited.first_cell = time.perf_counter() - begun
        await all_here()
        for notebook in BETWEEN if WHOLE else ():
            await learner.run_notebook(notebook)
        await all_here()
        reading = random.Random(number)
        visited.cells = await learner.run_notebook(
            MEASURED, before_each=lambda: asyncio.sleep(reading.uniform(0, 2 * READING))
        )
        await all_here()
        for lab in LABS if WHOLE else ():
            await learner.solve(lab)
        visited.connected_again = learner.connected_again
    return visited


def seats_memory(room: OpenRoom) -> dict[int, dict[str, list[float]]]:
    """Seat -> kind of program -> MiB of each; shared pages by their share, Pods as one kind.

    Source of the share: proc(5), Pss.
    """
    used: dict[int, dict[str, list[float]]] = {}
    for process in psutil.process_iter(["uids", "cmdline"]):
        words = process.info["cmdline"] or []
        if (user := _seat_of(process, room)) is not None:
            kind = words[-1] if "irsa_workshop.room.zygote" in words else "Pods"
            used.setdefault(user, {}).setdefault(kind, []).append(_share(process))
    return used


def _share(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / MEBIBYTE
    except psutil.NoSuchProcess:
        return 0.0


def memory_rows(used: dict[int, dict[str, list[float]]]) -> list[tuple[str, str]]:
    """A seat's memory, median of all, with the last notebook's kernel and with all of them."""

    def median(*kinds: str, of: Callable[[list[float]], float] = sum) -> str:
        seats = [sum(of(seat[kind]) for kind in kinds if kind in seat) for seat in used.values()]
        return f"{statistics.median(seats):.0f}"

    parts = ", ".join(median(kind, of=max) for kind in KINDS)
    return [
        ("memory of a seat, one notebook open", f"{median(*KINDS, of=max)} MiB"),
        ("of it server, sandbox and kernel", f"{parts} MiB"),
        ("with every notebook's kernel", f"{median(*KINDS)} MiB"),
        ("and of its Pods", f"{median('Pods')} MiB"),
    ]


def processor_seconds(room: OpenRoom) -> float:
    """What the room's programs have used, the seats', and all that these started."""
    seats = (process for process in psutil.process_iter(["uids"]) if _seat_of(process, room))
    return sum(map(_seconds, [*room.programs(), *seats]))


def _seat_of(process: psutil.Process, room: OpenRoom) -> int | None:
    seat = int(process.info["uids"].real) - room.first_user
    return seat if 0 < seat <= SEATS else None


def _seconds(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the others does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _visits(room: OpenRoom) -> tuple[list[Visit], list[float]]:
    """Everybody's visit, and the processor seconds used whenever all had come so far."""
    used, barrier = [processor_seconds(room)], asyncio.Barrier(SEATS)

    async def all_here() -> None:
        if await barrier.wait() == 0:
            used.append(processor_seconds(room))

    visits = [visit(room, number, all_here) for number in range(SEATS)]
    return await asyncio.gather(*visits), used


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    with (
        tempfile.TemporaryDirectory(prefix="room-") as folder,
        opened(Path(folder) / "room", SEATS) as room,
    ):
        visits, processor = asyncio.run(_visits(room))
        memory = seats_memory(room)
    cells = [seconds for visit in visits for seconds in visit.cells]
    seated, first = [visit.seated for visit in visits], [visit.first_cell for visit in visits]
    load = f"{SEATS}; {os.cpu_count()}; {os.getloadavg()[1]:.1f}"
    again = sum(visit.connected_again for visit in visits)
    return [
        ("seats; processors; load of the machine", load),
        (f"within {WITHIN:.0f} s: a seat, median and last", _both(seated)),
        ("the first cell's answer, median and last", _both(first)),
        ("processor time until all have begun", _a_seat(processor[1] - processor[0])),
        ("processor time of notebook 05", _a_seat(processor[3] - processor[2])),
        (f"a cell of it, {READING:.0f} s read before each, median", _seconds_each(cells, 0.5)),
        (f"the same, p95 of {len(cells)}", _seconds_each(cells, 0.95)),
        ("its slowest cells, the median of each", _slowest(visits)),
        ("connections that were lost and made again", str(again)),
        *memory_rows(memory),
    ]


def _seconds_each(cells: list[float], share: float) -> str:
    return f"{percentile(cells, share):.2f} s"


def _a_seat(seconds: float) -> str:
    return f"{seconds / SEATS:.1f} s a seat"


def _slowest(visits: list[Visit]) -> str:
    """The three cells that took longest, by their place among the code cells."""
    medians = map(statistics.median, zip(*(visit.cells for visit in visits), strict=True))
    by_time = sorted(enumerate(medians, 1), key=lambda cell: -cell[1])
    return ", ".join(f"cell {number} {seconds:.2f} s" for number, seconds in by_time[:3])


def _both(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s, {max(values):.1f} s"
