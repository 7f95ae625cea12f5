"""Each exercise: its starter is not tried, its solution is right, its slips are told apart."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from irsa_course.exercises import exercise, made
from irsa_course.exercises.cells import notebook_text
from irsa_course.exercises.words import all_words, find_words, shared_slips
from irsa_course.folder import notebooks
from irsa_course.progress import Attempts
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds import World
from tests.irsa_course.exercises.wrong_answers import WRONG_ANSWERS, wrong_answer

WRITTEN = [words for words in all_words() if not words.in_world]
SLIPS = [(name, slip) for name, found in WRONG_ANSWERS.items() for slip in found]

by_id = pytest.mark.parametrize("name", [words.id for words in all_words()])


@pytest.fixture(autouse=True)
def _own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, str(tmp_path))


@pytest.mark.parametrize("words", WRITTEN, ids=lambda words: words.id)
def test_a_starter_is_not_tried_and_a_solution_is_right(world: World, words: Any) -> None:
    tried = exercise(words.id, world)
    starter = made(words.starter, words.names(world))
    assert (tried.check(starter).state, tried.state) == ("not tried", "not tried")
    solved = tried.check(made(words.solution, words.names(world)))
    assert solved.state == "right", str(solved)
    assert tried.state == "right"


@pytest.mark.parametrize(("name", "slip"), SLIPS)
def test_a_slip_is_told_in_a_sentence_of_its_own(world: World, name: str, slip: str) -> None:
    found = exercise(name, world).check(wrong_answer(world, name, slip))
    assert (found.state, found.slip) == ("wrong", slip), str(found)
    assert found.says in str(found)
    assert len(found.says.split()) > 5
    assert Attempts().of(name).slip == slip


@pytest.mark.parametrize("words", WRITTEN, ids=lambda words: words.id)
def test_no_two_slips_of_an_exercise_say_the_same(world: World, words: Any) -> None:
    check = exercise(words.id, world).check
    said = [check(wrong_answer(world, words.id, slip)).says for slip in WRONG_ANSWERS[words.id]]
    assert [text for text, times in Counter(said).items() if times > 1] == []


def test_every_sentence_is_said_of_some_answer() -> None:
    made_by = {slip for _, slip in SLIPS}
    assert set(shared_slips()) - made_by == set()
    for words in WRITTEN:
        assert set(words.slips) - set(WRONG_ANSWERS[words.id]) == set(), words.id


@by_id
def test_hints_go_one_further_each_time_and_the_solution_follows(world: World, name: str) -> None:
    tried = exercise(name, world)
    hints = [str(tried.hint()) for _ in range(4)]
    assert [hint[:11] for hint in hints] == [f"Hint {n} of 3" for n in (1, 2, 3, 3)]
    assert "```" in str(tried.solution())
    assert (Attempts().of(name).hints_used, Attempts().of(name).solution_seen) == (3, True)
    assert tried.state == "not tried"


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_has_its_exercises_as_they_are_written_down(path: Path) -> None:
    stored = path.read_text(encoding="utf-8")
    assert stored == notebook_text(path), "python -m irsa_course.exercises.cells writes it"
    asked = re.findall(r'exercise\(\\"([\w-]+)\\"\)\.check', stored)
    assert asked == [words.id for words in all_words() if words.notebook == path.stem]


def test_an_unknown_exercise_is_answered_with_what_is_alike() -> None:
    with pytest.raises(IrsaLabError, match="did you mean 03-write"):
        exercise("03-wirte")
    with pytest.raises(IrsaLabError, match="irsa-lab exercises lists them"):
        exercise("nothing like it")


@pytest.mark.parametrize("answer", [None, ..., {"a": [1, ...]}, "...", {...}, " "])
def test_a_gap_is_no_answer_and_is_not_counted(world: World, answer: Any) -> None:
    found = exercise("03-write", world).check(answer)
    assert found.state == "not tried"
    assert Attempts().of("03-write").checks == 0


def test_a_room_hears_the_slip_and_nothing_that_was_written(
    world: World, heard: list[dict[str, Any]]
) -> None:
    tried, words = exercise("03-write", world), find_words("03-write")
    tried.check(made(words.starter, words.names(world)))
    tried.check({"Statement": "my own words"})
    tried.check("my own words")
    tried.check(made(words.solution, words.names(world)))
    assert [told["right"] for told in heard] == [False, False, True], (
        "what is not tried is not told"
    )
    assert {told["question"] for told in heard} == {f"03-write: {words.title}"}
    assert "own words" not in str(heard)
    assert heard[1]["choice"] == shared_slips().get("no-json", "no-json")


ODD = [
    5,
    True,
    "text",
    "[]",
    [],
    {},
    object(),
    {1: 2},
    {"Statement": "all"},
    {"Statement": [1]},
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
    {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Federated": "a:oidc-provider/"},
            "Action": "sts:*",
            "Condition": {"StringEquals": {"a:b:c": [1]}},
        }
    },
    {"Statement": {"Effect": "Allow", "Principal": 7, "Action": [], "Condition": []}},
    {"iss": [], "sub": {}, "aud": 3},
    {"Url": 7, "ClientIDList": 8},
    "arn:aws:iam::",
    "kind: [",
    "metadata: {annotations: 7}",
    "metadata: {}",
    "[a]\nb = c",
]


@pytest.mark.parametrize("words", WRITTEN, ids=lambda words: words.id)
def test_no_answer_however_odd_ends_in_a_traceback(world: World, words: Any) -> None:
    for answer in ODD:
        found = exercise(words.id, world).check(answer)
        assert found.state == "wrong", answer
        assert len(str(found).splitlines()[0].split()) > 5, (answer, str(found))


def test_what_was_right_once_stays_right_and_help_after_it_does_not_count(world: World) -> None:
    tried = exercise("03-write", world)
    tried.check(made(find_words("03-write").solution, find_words("03-write").names(world)))
    tried.check({"Statement": []})
    tried.hint()
    tried.solution()
    row = Attempts().of("03-write")
    assert (row.state, row.hints_used, row.solution_seen, row.checks) == ("right", 0, False, 2)
