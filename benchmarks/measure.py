"""Timing a thing several times, and a plain moto server to compare with."""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld

RUNS = 5
PROGRAM = str(Path(sys.executable).with_name("irsa-lab"))


def median_seconds(action: Callable[[], object], runs: int = RUNS) -> float:
    """The median wall time of an action, in seconds."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """The least, the median and the most of some rounds, to be read in this order."""
    shown = (min(values), statistics.median(values), max(values))
    return " / ".join(f"{each:.{digits}f}" for each in shown) + (f" {unit}" if unit else "")


def ratio(values: Sequence[float], others: Sequence[float]) -> str:
    """Of the medians of some rounds."""
    return f"{statistics.median(values) / statistics.median(others):.2f}"


def in_turns(rounds: int, *actions: Callable[[], float]) -> list[list[float]]:
    """The figures of each action, taken round by round so that all meet the same machine."""
    found = [[action() for action in actions] for _ in range(rounds)]
    return [list(column) for column in zip(*found, strict=True)]


@contextlib.contextmanager
def sandbox() -> Iterator[tuple[SandboxWorld, Path]]:
    """A sandbox in a folder of its own, and that folder; it is stopped in the end."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            yield SandboxWorld(launch.ensure_sandbox(home)), home
        finally:
            launch.stop_sandbox(home)


def cpu_seconds(pid: int) -> float:
    """The processor time of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextlib.contextmanager
def on_cores(cores: Mapping[int, int]) -> Iterator[None]:
    """Processes kept to a core each (pid -> core), where the system can do that, for a while."""
    here = [pid for pid, core in cores.items() if core < (os.cpu_count() or 1)]
    kept = {pid: psutil.Process(pid) for pid in here if hasattr(psutil.Process, "cpu_affinity")}
    before = {pid: process.cpu_affinity() for pid, process in kept.items()}
    for pid, process in kept.items():
        process.cpu_affinity([cores[pid]])
    try:
        yield
    finally:
        for pid, process in kept.items():
            process.cpu_affinity(before[pid])


def clean_environment() -> dict[str, str]:
    """This environment without AWS settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


@contextlib.contextmanager
def new_home() -> Iterator[dict[str, str]]:
    """Variables with a folder of its own for the sandbox, which is stopped in the end."""
    with tempfile.TemporaryDirectory() as folder:
        variables = clean_environment() | {"IRSA_LAB_HOME": folder}
        try:
            yield variables
        finally:
            run([PROGRAM, "down"], variables)


def run(command: list[str], variables: dict[str, str]) -> str:
    """What a command printed. Raises CalledProcessError if it failed."""
    return subprocess.run(
        command, env=variables, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def free_port() -> int:
    """A loopback port that nobody holds right now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass(frozen=True)
class MotoServer:
    """A plain moto server: where it listens, its process, and the software that it runs on."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def software(self) -> str:
        """What it says of itself: werkzeug's own server, with its version."""
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json") as answer:
            return str(answer.headers["Server"])


@contextlib.contextmanager
def moto_server() -> Iterator[MotoServer]:
    """A plain moto server that is ready."""
    port = free_port()
    program = Path(sys.executable).with_name("moto_server")
    process = subprocess.Popen(
        [str(program), "-H", "127.0.0.1", "-p", str(port)],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port)
        yield MotoServer(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_for_port(port: int, seconds: float = 30) -> None:
    """Return when somebody listens there. Raises TimeoutError after that many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.005)
    raise TimeoutError(f"nothing listens on port {port} after {seconds} s")
