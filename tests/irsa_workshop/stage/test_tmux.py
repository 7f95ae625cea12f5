"""`irsa-lab demo` as row 20 sees it: the 3 minutes played to their end, with slips."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from irsa_helpers.worlds import launch

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed here")

PROGRAM = Path(sys.executable).with_name("irsa-lab")
COLUMNS, ROWS = 80, 24
SECONDS = 120


class Terminal:
    """A window of a tmux of its own: keys go in, and what stands on the screen is looked at."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)

    def tmux(self, *words: str) -> str:
        """What tmux answers."""
        command = ["tmux", "-f", os.devnull, "-S", self._socket, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def open(self, command: str, variables: dict[str, str]) -> None:
        """The window, with that command in it."""
        named = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self.tmux("new-session", "-d", *size, *named, command)

    def press(self, *keys: str) -> None:
        """Each by tmux's own name for it."""
        self.tmux("send-keys", *keys)

    def screen(self) -> str:
        """What is seen now."""
        return self.tmux("capture-pane", "-p")

    def until(self, pattern: str, key: str = "") -> str:
        """The screen that shows it; `key` is pressed now and then until it does."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, seen := self.screen()):
            assert time.monotonic() < deadline, f"no {pattern!r} on\n{seen}"
            if key:
                self.press(key)
            time.sleep(0.3)
        return seen


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that is closed after the test, and so is the story's sandbox."""
    window = Terminal(tmp_path / "tmux")
    yield window
    subprocess.run(["tmux", "-S", str(tmp_path / "tmux"), "kill-server"], capture_output=True)
    launch.stop_sandbox(tmp_path / "home-demo")


def kill_the_sandbox(home: Path) -> None:
    """As a machine does that has no memory left."""
    running = psutil.Process(json.loads((home / "state.json").read_text())["pid"])
    running.kill()
    psutil.wait_procs([running], timeout=SECONDS)


def test_three_minutes_with_slips_and_recoveries(terminal: Terminal, tmp_path: Path) -> None:
    talk, home = tmp_path / "talk", tmp_path / "home"
    options = f"--no-browser --pace 0 --rehearse --record {talk}"
    command = f"{PROGRAM} demo 3 {options}; echo ended with $?; sleep {SECONDS}"
    terminal.open(command, {"IRSA_LAB_HOME": str(home), "SHELL": "/bin/sh"})
    curtain = terminal.until("Enter begins")
    assert "the handshake, live: http://127.0.0.1:" in curtain
    assert "that scene; 0 is the tenth\n" in curtain, "the keys fit the screen"

    terminal.until("assumed-role/enginrect-irsa-role", "Enter")
    terminal.until("2/3  One letter", "Enter")
    terminal.until("Somebody slips")
    terminal.press("!")
    terminal.until("a shell of your own")
    terminal.press("kubectl delete deployment s3-access-app; exit", "Enter")
    terminal.until('"s3-access-app" deleted')
    terminal.until("Not as rehearsed", "Enter")
    terminal.press("x", "Enter", "Enter", "r")
    terminal.until(r"2/3  One letter\s+Somebody slips")
    assert "Not as rehearsed" not in terminal.until("AccessDenied", "Enter")

    kill_the_sandbox(tmp_path / "home-demo")
    terminal.until("3/3  Why[^$]+Not as rehearsed", "Enter")
    terminal.press("r")
    terminal.until(r"3/3  Why[^$]+The doctor compares")
    named = terminal.until("default:enginrect-st", "Enter")
    assert "system:serviceaccount:default:enginrect-sa`; the policy asks for\n" in named
    terminal.until("assumed-role/enginrect-irsa-role", "Enter")
    terminal.until(r"all +\d+:\d\d +3:00\s+ended with 0", "Enter")

    cast = talk.with_suffix(".cast").read_text().splitlines()
    titles = [json.loads(line)[2] for line in cast[1:] if json.loads(line)[1] == "m"]
    assert [title[:3] for title in titles] == ["1/3", "2/3", "2/3", "3/3", "3/3"]
    assert "token=" not in talk.with_suffix(".html").read_text()
    assert not home.exists(), "the learner's world is left alone"
