"""An exercise's outcome as HTML and as text: whole, in words, and with nothing let through."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from irsa_course.exercises import Case, Outcome

HOSTILE = "<img src=x onerror=alert(1)> \x1b[2J"


def outcome(state: str, says: str = "", *cases: Case) -> Outcome:
    return Outcome("03-write", "A policy", state, "some-slip", says, cases)


def test_what_is_wrong_was_expected_and_seen_is_all_told() -> None:
    found = outcome("wrong", "`aud` is missing.", Case("vault", "stays out", "gets in"))
    shown = found._repr_mimebundle_()
    for text in shown.values():
        for word in ("Not yet.", "vault", "stays out", "gets in", "hint()"):
            assert word in text
    assert "<code>aud</code> is missing." in shown["text/html"]


def test_an_answer_that_is_asked_for_is_not_told_by_a_check() -> None:
    wrong, right = (
        outcome("wrong", "", Case("session", "IRSA", said, asked=True))._repr_mimebundle_()
        for said in ("Pod Identity", "IRSA")
    )
    for form in ("text/html", "text/plain"):
        assert "Pod Identity" in wrong[form]
        assert "IRSA" not in wrong[form]
        assert "IRSA" in right[form]


@pytest.mark.parametrize(
    ("state", "word"),
    [("right", "✓ Right."), ("wrong", "✗ Not yet."), ("not tried", "○ Not tried yet.")],
)
def test_a_state_is_told_by_mark_and_word_and_not_by_a_colour_alone(state: str, word: str) -> None:
    shown = outcome(state)._repr_mimebundle_()
    assert word in BeautifulSoup(shown["text/html"], "html.parser").get_text()
    assert shown["text/plain"].startswith(f"{word} A policy")
    assert ("Next:" in shown["text/plain"]) == (state != "right")


def test_a_learners_text_is_shown_as_the_text_it_is() -> None:
    shown = outcome("wrong", HOSTILE, Case(HOSTILE, HOSTILE, HOSTILE))._repr_mimebundle_()
    assert "<img" not in shown["text/html"]
    assert "&lt;img" in shown["text/html"]
    assert "\x1b" not in shown["text/html"] + shown["text/plain"]
