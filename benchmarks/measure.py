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
from collections.abc import Callable, Iterator
from pathlib import Path

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


@contextlib.contextmanager
def moto_server() -> Iterator[int]:
    """A plain moto server, ready on the port that is yielded."""
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
        yield port
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
