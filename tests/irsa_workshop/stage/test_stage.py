"""`irsa-lab demo` by the speaker's keys, and by itself."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from irsa_helpers.worlds import launch

PROGRAM = str(Path(sys.executable).with_name("irsa-lab"))
SECONDS = 120
OWN = """
title: Keys
scenes:
- title: First
  minutes: 1
  given: nothing
  steps:
  - run: echo one; sleep $LONG
  - say: said one
- title: Second
  minutes: 1
  given: nothing
  files: {who.txt: $ACCOUNT}
  steps: [{run: "cat who.txt", shows: "1111"}]
- title: Third
  minutes: 1
  given: nothing
  steps: [{run: "echo th''ree"}]
"""


@pytest.fixture
def home(tmp_path: Path, forks_ready: None) -> Iterator[Path]:
    """The learner's folder; the story's stands beside it, and is stopped whatever happens."""
    yield tmp_path / "home"
    launch.stop_sandbox(tmp_path / "home-demo")


@pytest.fixture
def play(home: Path) -> Iterator[Callable[..., Any]]:
    """Begin a story in a terminal; it is ended after the test."""
    begun = []

    def start(*words: str, **more: str) -> Any:
        variables = os.environ | {
            "IRSA_LAB_HOME": str(home),
            "SHELL": "/bin/sh",
            "NO_COLOR": "1",
            **more,
        }
        arguments = ["demo", *words, "--no-browser", "--pace", "0", "--rehearse"]
        begun.append(
            pexpect.spawn(
                PROGRAM,
                arguments,
                env=variables,
                dimensions=(40, 200),
                encoding="utf-8",
                timeout=SECONDS,
            )
        )
        return begun[-1]

    yield start
    for terminal in begun:
        terminal.close(force=True)


def go_on_until(terminal: Any, shown: str) -> None:
    """Press Enter now and then, as a speaker does, until that is shown."""
    deadline = time.monotonic() + SECONDS
    while terminal.expect([shown, pexpect.TIMEOUT], timeout=0.5):
        assert time.monotonic() < deadline, f"no {shown!r} after {terminal.before}"
        terminal.send("\r")


def test_the_keys_lead_to_any_scene(play: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    terminal = play("--scenes", str(tmp_path / "own.yaml"), LONG="60")
    terminal.expect("Enter begins")
    go_on_until(terminal, "1/3  First")
    go_on_until(terminal, "one\r\n")
    terminal.send("\x03")
    terminal.expect("Not as rehearsed: .* was ended")
    terminal.send("s")
    terminal.expect("2/3  Second")
    terminal.send("\r3")  # while the world is made: the Enter is forgotten, the scene is not
    terminal.expect("3/3  Third")
    terminal.expect("th''ree")
    terminal.send("b")
    terminal.expect("cat who.txt")
    terminal.send("pp\x1b[6~")  # PageDown, as a presenter's remote sends it
    terminal.expect("111122223333")
    terminal.send("s")
    terminal.expect("th''ree")
    terminal.send("\r")
    terminal.expect("three\r\n")
    terminal.send("?")
    terminal.expect("a shell of your own")
    terminal.send("q")
    terminal.expect(r"2  Second +\d:\d\d +1:00")


def test_alone_a_story_that_fails_twice_fails(play: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN.replace("1111", "9999"))
    terminal = play("--scenes", str(tmp_path / "own.yaml"), "--auto", LONG="0")
    terminal.expect("scene 2 failed twice")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 1


def test_a_seed_gives_the_same_names(play: Callable[..., Any], tmp_path: Path) -> None:
    scene = "{title: Names, minutes: 1, given: deployment, steps: [{run: %s}]}"
    looks = "kubectl get pods -o 'jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}#'"
    roles = "aws iam get-role --role-name enginrect-irsa-role --query Role.RoleId --output text"
    own = tmp_path / "own.yaml"
    own.write_text(f"title: T\nscenes:\n- {scene % json.dumps(f'{looks}; {roles}')}\n")
    pattern = re.compile(r"(s3-access-app-\S+) (\S+)#(AROA\w+)")
    seen = []
    for seed in ("4", "4", "5"):
        terminal = play("--scenes", str(own), "--auto", "--seed", seed)
        terminal.expect(pattern)
        seen.append(terminal.match.groups())
        terminal.expect(pexpect.EOF)
    assert seen[0] == seen[1]
    assert all(one != other for one, other in zip(seen[1], seen[2], strict=True))
