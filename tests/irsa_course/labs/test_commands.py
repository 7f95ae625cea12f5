"""`irsa-lab labs …` from a shell, through one lab's whole way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from irsa_course import lab
from irsa_helpers.cli import main
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs import engine
from irsa_helpers.labs.clearing import clear_scene
from irsa_helpers.labs.model import all_labs, find_lab
from irsa_helpers.labs.progress import Progress, Record
from irsa_helpers.worlds import World

PROGRAM = str(Path(sys.executable).with_name("irsa-lab"))


@pytest.fixture
def labs(world: World, sandbox: dict[str, Any], sandbox_home: Path) -> Any:
    """Run `irsa-lab labs …`, in this process: starting one takes a second."""

    def call(*words: str) -> Result:
        return CliRunner().invoke(main, ["labs", *words], env={"IRSA_LAB_HOME": str(sandbox_home)})

    yield call
    clear_scene(world, "lab-02")


def test_a_lab_is_played_from_a_terminal(labs: Any, sandbox_home: Path) -> None:
    variables = os.environ | {"IRSA_LAB_HOME": str(sandbox_home)}
    command = [PROGRAM, "labs", "start", "02"]
    begun = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)
    assert "You are done when:" in begun.stdout
    assert "  role            lab-02-app-role" in begun.stdout
    assert "kubectl exec -n lab-02 deployment/app -- aws sts get-caller-identity" in begun.stdout
    assert "Next: irsa-lab labs check 02" in begun.stdout

    first = labs("check", "02")
    assert first.exit_code == 1
    assert "FAIL  the app reads its bucket" in first.stdout
    assert "expected:" in first.stdout
    assert find_lab("02").debrief not in first.stdout

    assert labs("hint", "02").stdout.startswith("Hint 1 of 3:")
    assert labs("hint", "02").stdout.startswith("Hint 2 of 3:")
    beyond = labs("hint", "02", "--number", "4")
    assert (beyond.exit_code, "ask for 1 to 3" in beyond.stderr) == (1, True)

    assert "def solution(scene: Scene)" in labs("solution", "02", "--apply").stdout
    done = json.loads(labs("check", "02", "--json").stdout)
    assert done["passed"]
    assert done["debrief"] == find_lab("02").debrief
    again = labs("check", "02").stdout
    assert f"Seen elsewhere: {find_lab('02').seen[0]}" in again
    assert "Next: irsa-lab labs start 03" in again
    watched = labs("watch", "02")
    assert (watched.exit_code, watched.stdout.count("✓ reached")) == (0, 4)

    listed = labs().stdout
    assert re.search(r"\n○ 1 of \d+ done", listed)
    assert re.search(r"02  Everyone nodded .* done +2 hints, solution\n", listed)
    rows = {row["id"][:2]: row for row in json.loads(labs("--json").stdout)}
    assert (rows["02"]["state"], rows["02"]["hints_used"]) == ("done", 2)
    assert rows["02"]["solution_seen"]
    assert rows["03"]["state"] == "not started"
    assert labs("reset", "02").stdout == "02-everyone-nodded is as it was at its start.\n"


@pytest.mark.parametrize("command", ["check", "hint", "solution"])
def test_a_lab_that_was_not_started_says_how_to(labs: Any, command: str) -> None:
    refused = labs(command, "03")
    assert refused.exit_code == 1
    assert "irsa-lab labs start 03" in refused.stderr


def test_a_lab_whose_world_is_gone_says_how_to_get_it_back(world: World, tmp_path: Path) -> None:
    progress, lab = Progress(tmp_path / "progress.sqlite3"), find_lab("04")
    progress.started(lab.id)
    with pytest.raises(IrsaLabError, match="irsa-lab labs reset 04"):
        engine.check(world, lab, progress)


def test_the_doctor_is_one_hint_of_an_open_lab(labs: Any, sandbox_home: Path) -> None:
    def doctor(*more: str) -> Result:
        words = ["doctor", "deployment/app", "-n", "lab-02", *more]
        return CliRunner().invoke(main, words, env={"IRSA_LAB_HOME": str(sandbox_home)})

    def record() -> Record:
        return Progress(sandbox_home / "progress.sqlite3").records()["02-everyone-nodded"]

    said = "In lab 02 the doctor counts as one hint, however often it is asked."
    labs("start", "02")
    assert doctor().stdout.splitlines()[-1] == said
    assert json.loads(doctor("--json").stdout)["note"] == said
    assert (record().hints_counted, record().help_used) == (1, "1 hint with the doctor")
    assert labs("hint", "02").stdout.startswith("Hint 1 of 3:")
    labs("solution", "02", "--apply")
    labs("check", "02")
    assert record().help_used == "2 hints with the doctor, solution"
    assert "2 hints with the doctor, solution\n" in labs().stdout
    labs("start", "02")
    labs("solution", "02", "--apply")
    labs("check", "02")
    assert said not in doctor().stdout
    assert record().help_used == "solution"


def test_a_trace_tells_why_an_open_labs_app_was_refused_once_the_lab_is_done(
    labs: Any, sandbox_home: Path
) -> None:
    def trace(*words: str) -> str:
        home = {"IRSA_LAB_HOME": str(sandbox_home)}
        return CliRunner().invoke(main, ["trace", *words], env=home).stdout

    def reasons() -> set[str]:
        told = trace()
        refused = "lab-02-app-role does not let the token in"
        lines = told.splitlines()
        return {after.strip() for line, after in pairwise(lines) if refused in line}

    labs("start", "02")
    labs("check", "02")
    kept_back = {"why is for you to find in this open lab; irsa-lab labs hint helps"}
    assert reasons() == kept_back
    denied = [
        hop["detail"]
        for hop in json.loads(trace("--json"))
        if hop["kind"] == "trust-policy" and "lab-02-app-role" in hop["summary"]
    ]
    assert {detail["explanation"] for detail in denied} == kept_back
    assert not any({"decision", "fix"} & set(detail) for detail in denied)
    labs("solution", "02", "--apply")
    labs("check", "02")
    assert reasons() == {"Denied: no trust policy statement allows it."}


def test_an_unknown_lab_is_answered_with_what_is_alike(world: World) -> None:
    assert find_lab("2").number == lab(2, world).lab.number == "02"
    last = all_labs()[-1]
    assert (find_lab("2").following(), last.following()) == (find_lab("3"), None)
    with pytest.raises(IrsaLabError, match=r"there are 01 to \d+; irsa-lab labs lists them"):
        find_lab("99")
    with pytest.raises(IrsaLabError, match="did you mean 02-everyone-nodded"):
        find_lab("everyone-noded")


def test_without_an_id_the_open_lab_is_meant(labs: Any, sandbox_home: Path) -> None:
    progress = Progress(sandbox_home / "progress.sqlite3")
    while (open_lab := progress.open_lab()) is not None:
        progress.done(open_lab)
    nothing = labs("check")
    assert nothing.exit_code != 0
    assert "no lab is open" in nothing.output
    labs("start", "02")
    assert labs("check").output == labs("check", "02").output
    assert labs("hint").output == labs("hint", "02", "--number", "1").output
    assert "02-" in labs("reset").output
