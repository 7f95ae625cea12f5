"""Questions: what is shown, what an answer says, and that every question of the course is whole."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers import state
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.views.quiz import Quiz, questions, quiz

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.parametrize("name", questions())
def test_a_question_has_choices_with_reasons_and_one_right(name: str) -> None:
    asked = quiz(name)
    assert len(asked.choices) == 3
    assert all(asked.choices.values())
    assert asked.verdict(asked.right).startswith("Right: ")


def test_a_wrong_answer_is_told_why() -> None:
    asked = Quiz("Who?", {"a": "because", "b": "not so"}, right="a")
    assert asked.verdict("b") == "Not quite: not so"


def test_a_right_answer_must_be_a_choice() -> None:
    with pytest.raises(ValueError, match="none of the choices"):
        Quiz("Who?", {"a": "because"}, right="c")


def test_an_unknown_question_is_explained() -> None:
    with pytest.raises(IrsaLabError, match="no-provider"):
        quiz("no-such")


@pytest.fixture(autouse=True)
def _own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, str(tmp_path))


def test_an_answer_is_remembered_and_a_new_one_takes_its_place() -> None:
    for choice in quiz("no-provider").choices:
        quiz("no-provider").widget().children[1].value = choice
        _, buttons, verdict = quiz("no-provider").widget().children
        assert buttons.value == choice
        assert escape(quiz("no-provider").choices[choice]) in verdict.value
    assert quiz("audience-alone").widget().children[1].value is None


def test_choosing_shows_the_verdict() -> None:
    title, buttons, verdict = quiz("no-provider").widget().children
    assert "No OpenIDConnect provider" in title.value
    assert verdict.value == ""
    buttons.value = buttons.options[0]
    assert "Not quite" in verdict.value


def test_a_page_without_a_kernel_folds_the_answer() -> None:
    markdown = quiz("no-provider")._repr_mimebundle_()["text/markdown"]
    before, _, folded = markdown.partition("<details>")
    assert "- the token is forged" in before
    assert "IAM does not know the token" in folded


def test_every_question_is_asked_once() -> None:
    asked: list[Any] = []
    for path in NOTEBOOKS.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            asked += re.findall(r'quiz\("([\w-]+)"\)', "".join(cell["source"]))
    assert sorted(asked) == sorted(questions())
