"""A room for a trial, in a folder of its own, closed in the end."""

from __future__ import annotations

import json
import os
import random
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from irsa_workshop.room import services

ROOT = Path(__file__).parents[2]
OPEN_SECONDS = 180
CLOSE_SECONDS = 90


@dataclass(frozen=True)
class OpenRoom:
    """A room that learners can come into; `process` is its launcher's.

    `first_user` is the number of its first Linux user, as in setting.Room.
    """

    folder: Path
    url: str
    word: str
    instructor_word: str
    first_user: int
    process: subprocess.Popen[bytes]

    def programs(self) -> list[psutil.Process]:
        """Every program of the room that is no seat's, the launcher first."""
        launcher = psutil.Process(self.process.pid)
        return [launcher, *launcher.children(recursive=True)]


@contextmanager
def opened(folder: Path, seats: int, *options: str) -> Iterator[OpenRoom]:
    """A room of that many seats, kept in `folder`. Raises TimeoutError where it does not open."""
    port = free_ports()
    command = [sys.executable, "-m", "irsa_workshop.room", "--seats", str(seats)]
    with (folder.parent / f"{folder.name}.out").open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--folder", str(folder), *options],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env={name: value for name, value in os.environ.items() if name != "IRSA_LAB_HOME"},
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{url}/hub/login", process)
        described: dict[str, Any] = json.loads((folder / "room.json").read_text(encoding="utf-8"))
        words = described["word"], described["instructor_word"]
        yield OpenRoom(folder, url, *words, described["first_user"], process)
    finally:
        process.terminate()
        process.wait(CLOSE_SECONDS)


def free_ports() -> int:
    """The first of a room's ports, all of which are free, below those that the system gives out.

    They are taken from anywhere among these: two rooms that open at a time want others.
    """
    starts = range(20000, 32000, services.PORTS)
    for port in random.sample(starts, len(starts)):
        if not services.taken_ports(port):
            return port
    raise OSError("no free ports for a room")


def wait_until_it_answers(
    url: str, process: subprocess.Popen[bytes], *, authority: ssl.SSLContext | None = None
) -> None:
    """Raises TimeoutError where nothing answers there in time, or the process has ended."""
    deadline = time.monotonic() + OPEN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5, context=authority):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer in {OPEN_SECONDS} s; status {process.poll()}")
