"""`irsa-lab exercises` lists what there is to write, with the learner's progress."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from irsa_helpers import state
from irsa_helpers.cli import main
from irsa_helpers.course.exercises.words import all_words
from irsa_helpers.course.progress import Attempts


def listed(*words: str) -> str:
    answer = CliRunner().invoke(main, ["exercises", *words])
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_each_exercise_is_listed_below_its_notebook_with_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, str(tmp_path))
    assert f"0 of {len(all_words())} right" in listed()
    Attempts().hinted("03-write", 2)
    Attempts().checked("03-write", "")
    Attempts().checked("06-cut", "wide-action")
    text = listed()
    assert re.search(
        r"\n03-trust-policy\n  03-write .* right +2 hints\n  03-repair .*faults\n", text
    )
    assert re.search(r"\n  06-cut .* wrong +wide-action\n", text)
    rows = {row["id"]: row for row in json.loads(listed("--json"))}
    assert list(rows) == [words.id for words in all_words()]
    assert (rows["03-write"]["state"], rows["03-write"]["hints_used"]) == ("right", 2)
    assert (rows["06-cut"]["state"], rows["06-cut"]["slip"]) == ("wrong", "wide-action")
    assert rows["03-repair"]["state"] == "not tried"
