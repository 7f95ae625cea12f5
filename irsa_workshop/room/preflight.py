"""`irsa-lab preflight`: whether this machine carries the workshop, and what to change before it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import psutil

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.printing.terminal import say
from irsa_workshop.room import services, setting
from irsa_workshop.room.users import NUMBERS

OK, CHANGE, NO = "ok", "change", "no"
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `ok`, `change` (better do so) or `no` (the room will not do)."""

    name: str
    state: str
    found: str
    next_step: str = ""


@dataclass(frozen=True)
class Plan:
    """The room that is meant to be."""

    project: Path
    seats: int
    host: str
    port: int
    path: str


@click.command()
@click.option("--seats", default=30, show_default=True, type=click.IntRange(1, setting.MOST_SEATS))
@click.option("--host", default="127.0.0.1", show_default=True, help="As for the room itself.")
@click.option("--port", default=8000, show_default=True)
@click.option("--path", default="60", show_default=True, help="Of workshop/paths.yaml.")
@click.option("--run/--no-run", default=True, help="Open a room of one seat and go the path in it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def preflight(seats: int, host: str, port: int, path: str, run: bool, as_json: bool) -> None:
    """Say whether this machine carries a workshop of that many seats; exit 1 where it does not."""
    plan = Plan(_project(), seats, host, port, path)
    findings = []
    steps(plan)  # a path that is none is said before anything else
    for finding in look(plan, run=run):
        findings.append(finding)
        if not as_json:
            say(f"{finding.state:<8}{finding.name:<14}{finding.found}")
            if finding.next_step:
                say(f"{'':8}{'next:':<14}{finding.next_step}")
    fit = all(finding.state != NO for finding in findings)
    if not as_json:
        say(f"\n{verdict(plan, fit=fit, run=run)}")
    if as_json:
        say(json.dumps([asdict(finding) for finding in findings], indent=2))
    raise SystemExit(not fit)


def verdict(plan: Plan, *, fit: bool, run: bool) -> str:
    """What all of it comes to, and the command that follows."""
    if not fit:
        return f"A room of {plan.seats} will not do here yet: change what says {NO}."
    tried = f"and path {plan.path} was gone from end to end" if run else "nothing was run"
    host = "" if plan.host == "127.0.0.1" else f" HOST={plan.host}"
    command = f"make workshop SEATS={plan.seats}{host}"
    return f"A room of {plan.seats} fits, {tried}. On the day: {command}"


def _project() -> Path:
    root = state.project_root()
    if root is None:
        raise IrsaLabError("the course is not here", next_step="cd into the project's folder")
    return root


def look(plan: Plan, *, run: bool) -> Iterator[Finding]:
    """Each finding as it is made; the run only where nothing before forbids it."""
    checks: list[Callable[[Plan], Finding]] = [
        *(system, programs, users, processors, memory, disk, ports, clock, way_in),
    ]
    fit = True
    for check in checks:
        finding = check(plan)
        fit &= finding.state != NO
        yield finding
    if run and fit:
        yield whole_run(plan)


def system(_: Plan) -> Finding:
    """A room needs Linux."""
    fit = sys.platform == "linux"
    step = "" if fit else "open the room on a Linux machine, in a container, or in WSL"
    return Finding("system", OK if fit else NO, sys.platform, step)


def programs(plan: Plan) -> Finding:
    """The hub and its proxy are installed."""
    missing = [name for name in ("jupyterhub", "jupyterhub_idle_culler") if not find_spec(name)]
    try:
        services.node(), services.proxy_program(plan.project)
    except IrsaLabError as error:
        missing.append(str(error).splitlines()[0])
    if missing:
        return Finding("programs", NO, f"missing: {', '.join(missing)}", "make workshop-install")
    return Finding("programs", OK, "JupyterHub, its proxy and Node.js are installed")


def users(plan: Plan) -> Finding:
    """Each seat can be a user of its own, whose number is nobody else's."""
    import pwd

    if os.geteuid() != 0:
        return Finding(
            "users",
            CHANGE,
            "not root: all seats would be one user, and could read each other's files",
            "sudo make workshop, unless all in the room trust each other",
        )
    numbers = _numbers(NUMBERS)
    taken = [account.pw_name for account in pwd.getpwall() if account.pw_uid in NUMBERS]
    if taken:
        told = f"somebody has a number of {numbers}: {', '.join(taken)}"
        return Finding("users", NO, told, "remove these users, or take another machine")
    return Finding("users", OK, f"each seat is a Linux user of its own, among {numbers}")


def _numbers(numbers: range) -> str:
    return f"{numbers.start} to {numbers.stop - 1}"


def processors(plan: Plan) -> Finding:
    """All can begin within a minute and a half."""
    count = os.cpu_count() or 1
    seconds = plan.seats * setting.SEAT_PROCESSOR_SECONDS / count
    told = f"{count}; where all {plan.seats} come at once, the last begins after {seconds:.0f} s"
    if seconds <= setting.ARRIVAL_SECONDS:
        return Finding("processors", OK, told)
    needed = -(-plan.seats * setting.SEAT_PROCESSOR_SECONDS // setting.ARRIVAL_SECONDS)
    return Finding(
        "processors", CHANGE, told, f"take a machine with {needed}, or let them come row by row"
    )


def memory(plan: Plan) -> Finding:
    """The seats fit into what is free."""
    free = psutil.virtual_memory().available // MEBIBYTE
    needed = setting.ROOM_MEBIBYTES + plan.seats * setting.SEAT_MEBIBYTES
    told = f"{free:,} MiB free, {needed:,} needed"
    most = max(0, (free - setting.ROOM_MEBIBYTES) // setting.SEAT_MEBIBYTES)
    if free >= needed:
        return Finding("memory", OK, told)
    return Finding("memory", NO, told, f"take a machine with more, or SEATS={most}")


def disk(plan: Plan) -> Finding:
    """The seats' folders fit on the disk."""
    free = shutil.disk_usage(plan.project).free // MEBIBYTE
    needed = plan.seats * setting.SEAT_DISK_MEBIBYTES
    told = f"{free:,} MiB free, {needed:,} needed"
    if free >= needed:
        return Finding("disk", OK, told)
    return Finding("disk", NO, told, f"delete something on the disk of {plan.project}")


def ports(plan: Plan) -> Finding:
    """The room's ports are free."""
    wanted = range(plan.port, plan.port + services.PORTS)
    if taken := services.taken_ports(plan.port):
        step = "end what listens there (a room that is open?), or PORT=... for another"
        return Finding("ports", NO, f"taken: {', '.join(map(str, taken))}", step)
    return Finding("ports", OK, f"{_numbers(wanted)} are free")


def clock(plan: Plan) -> Finding:
    """The clock is not behind: cookies and certificates have their times from it."""
    newest = max(path.stat().st_mtime for path in plan.project.glob("*.toml"))
    shown = time.strftime("%Y-%m-%d %H:%M %Z")
    if time.time() < newest:
        return Finding("clock", NO, f"{shown}, older than this project", "set the clock")
    return Finding("clock", OK, shown)


def way_in(plan: Plan) -> Finding:
    """Where browsers will reach the room."""
    if plan.host in ("127.0.0.1", "localhost"):
        reached = "only browsers of this machine will reach it"
        step = "HOST=0.0.0.0 lets the network in, by https with CERTIFICATE=... KEY=..."
        return Finding("way in", CHANGE, reached, step)
    reached = ", ".join(f"http://{address}:{plan.port}/" for address in services.addresses())
    if not reached:
        return Finding("way in", NO, "this machine has no address but its own", "join the network")
    step = "open one of these on another device: a firewall or the Wi-Fi may be in the way"
    return Finding("way in", CHANGE, reached, step)


def whole_run(plan: Plan) -> Finding:
    """A room of one seat opens, and a learner goes the whole path in it."""
    from aiohttp import ClientError

    from irsa_workshop.room.learner import RefusedError
    from irsa_workshop.room.trial import opened

    say(f"A room of one seat opens and goes path {plan.path}: a minute or more.", err=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="room-") as folder:
        try:
            with opened(Path(folder) / "room", 1) as room:
                seated = asyncio.run(_walk(room, steps(plan)))
        except (RuntimeError, OSError, ClientError, RefusedError) as error:
            why = click.unstyle(str(error)).strip() or type(error).__name__
            step = f"make workshop SEATS=1, and go path {plan.path} to the cell that fails"
            return Finding("a whole run", NO, why.splitlines()[-1], step)
    total = time.monotonic() - begun
    return Finding(
        "a whole run", OK, f"seated in {seated:.1f} s, path {plan.path} in {total:.0f} s"
    )


def steps(plan: Plan) -> list[dict[str, Any]]:
    """The chosen path's steps. Raises IrsaLabError for one that is none."""
    import yaml

    text = (plan.project / "workshop" / "paths.yaml").read_text(encoding="utf-8")
    paths = {str(name): path for name, path in yaml.safe_load(text).items()}
    if plan.path not in paths:
        raise IrsaLabError(f"no path {plan.path!r}", next_step=f"one of {', '.join(paths)}")
    return list(paths[plan.path]["steps"])


async def _walk(room: Any, path: list[dict[str, Any]]) -> float:
    """Run every notebook and solve every lab of the path; returns the seconds until seated."""
    from irsa_workshop.room.learner import Learner

    begun = time.monotonic()
    async with Learner(room.url) as learner:
        await learner.come_in("Preflight", room.word)
        await learner.sit_down()
        seated = time.monotonic() - begun
        for step in path:
            if "notebook" in step:
                await learner.run_notebook(f"notebooks/{step['notebook']}.ipynb")
            elif "lab" in step:
                await learner.solve(step["lab"])
    return seated
