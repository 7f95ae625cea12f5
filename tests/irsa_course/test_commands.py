"""`irsa-lab exercises` lists what there is to write, with the learner's progress."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from irsa_course.exercises.proving import type_in_terminal
from irsa_course.exercises.words import all_words, find_words, made
from irsa_course.progress import Attempts
from irsa_helpers import course
from irsa_helpers.cli import main
from irsa_helpers.ground import state
from irsa_helpers.ground.store import FILE
from irsa_helpers.serviceaccounts import ensure_no_service_account
from irsa_helpers.worlds.sandbox import SandboxWorld


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
        r"\n03-trust-policy\n  03-write .* right +2 hints\n  03-repair .*faults +not tried\n", text
    )
    assert re.search(r"\n  06-cut .* wrong +wide-action\n", text)
    rows = {row["id"]: row for row in json.loads(listed("--json"))}
    assert list(rows) == [words.id for words in all_words()]
    assert (rows["03-write"]["state"], rows["03-write"]["hints_used"]) == ("right", 2)
    assert (rows["06-cut"]["state"], rows["06-cut"]["slip"]) == ("wrong", "wide-action")
    assert rows["03-repair"]["state"] == "not tried"


@pytest.fixture
def own_world(
    world: SandboxWorld, sandbox_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SandboxWorld]:
    """The sandbox's world with none of its exercises tried."""
    monkeypatch.setenv(state.HOME_VARIABLE, str(sandbox_home))
    course.catch_up(world, through="role")
    (sandbox_home / FILE).unlink(missing_ok=True)
    yield world
    (sandbox_home / FILE).unlink(missing_ok=True)
    ensure_no_service_account(world, "reports-sa")


def typed(*words: str, given: str = "") -> tuple[int, str]:
    answer = CliRunner().invoke(main, ["exercises", *words], input=given)
    return answer.exit_code, answer.output


@pytest.mark.usefixtures("own_world")
def test_an_exercise_is_worked_on_from_the_terminal() -> None:
    assert "○ Not tried yet." in typed("04-annotate")[1]
    told = typed("04-annotate", "--check")
    assert told[0] == 1
    assert "There is no ServiceAccount `reports-sa`" in told[1]
    assert told[1].rstrip().endswith("Next: irsa-lab exercises 04-annotate --hint")
    assert typed("04-annotate", "--hint")[1].startswith("Hint 1 of 3: ")
    solution = typed("04-annotate", "--solution")[1]
    assert "```" not in solution
    assert "role/enginrect-irsa-role" in solution
    type_in_terminal("04-annotate")
    assert typed("04-annotate", "--check")[0] == 0
    assert "✓ Right." in typed("04-annotate", "--check")[1]


def test_what_is_written_is_read_from_a_file_or_a_pipe(
    own_world: SandboxWorld, tmp_path: Path
) -> None:
    words = find_words("03-write")
    policy = made(words.solution, words.names(own_world))
    (tmp_path / "mine.json").write_text(json.dumps(policy))
    assert typed("03-write", "--check", str(tmp_path / "mine.json"))[0] == 0
    code, told = typed("03-write", "--check", "-", "--json", given=json.dumps({"Statement": []}))
    assert (code, json.loads(told)["state"]) == (1, "wrong")
    code, told = typed("07-foresee", "--check", "-", "--json", given='{"team-blue/app": false}')
    answers = {case["what"]: case["expected"] for case in json.loads(told)["cases"]}
    assert (code, set(answers.values())) == (1, {""}), "what is asked for is not told"
    words = find_words("02-provider-arn")
    arn = made(words.solution, words.names(own_world))
    assert typed("02-provider-arn", "--check", "-", given=f"{arn}\n")[0] == 0
    assert json.loads(typed("03-write", "--json")[1])["checks"] == 2


@pytest.mark.usefixtures("own_world")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("03-write", "--check"), "this answer is written: name its file"),
        (("03-write", "--check", "/no/such/file"), "No such file"),
        (("03-write", "--check", "-"), "as JSON or YAML"),
        (("03-wirte",), "did you mean 03-write"),
        (("--hint",), "name the exercise"),
    ],
)
def test_a_slip_at_the_terminal_is_explained(words: tuple[str, ...], said: str) -> None:
    code, told = typed(*words, given="{ unfinished: [")
    assert code != 0
    assert said in told
    assert "Traceback" not in told
