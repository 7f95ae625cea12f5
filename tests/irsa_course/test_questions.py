"""Questions: what is shown, what an answer says, and that every question of the course is whole."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from irsa_course.questions import Prediction, Quiz, predict, quiz, written
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from tests.hostile import HOSTILE

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.parametrize("name", written("questions"))
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
    assert sorted(asked) == sorted(written("questions"))


@pytest.mark.parametrize("name", written("predictions"))
def test_a_prediction_has_choices_with_reasons_and_one_right(name: str) -> None:
    asked = predict(name)
    assert len(asked.choices) in {2, 3}
    assert all(len(why.split()) > 3 for why in asked.choices.values())


def test_a_prediction_is_told_to_be_tried_and_its_reason_stays_folded() -> None:
    _, buttons, verdict = predict("03-vault-token").widget().children
    buttons.value = "no"
    before, _, folded = verdict.value.partition("<details>")
    assert "You say:" in before
    assert "run the next cell" in before
    assert "Not quite" in folded
    assert predict("03-vault-token").remembered == "no"


def test_a_room_hears_of_a_prediction(heard: list[dict[str, Any]]) -> None:
    predict("03-vault-token").widget().children[1].value = "yes"
    question = "Does a token made for vault open the role?"
    assert heard == [{"kind": "answer", "question": question, "choice": "yes", "right": True}]


@pytest.mark.parametrize("kind", [Quiz, Prediction])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_verdict_is_shown_as_the_text_it_is(kind: type[Quiz], text: str) -> None:
    page = BeautifulSoup(kind(text, {text: text}, text).verdict_html(text), "html.parser")
    assert page.find_all(["img", "script", "svg", "a"]) == []


def test_no_question_and_prediction_have_one_name() -> None:
    assert not set(written("questions")) & set(written("predictions"))
