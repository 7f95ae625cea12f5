"""`make tour` tells which notebook failed, and leaves the learner's world alone."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook

from irsa_course import tour
from irsa_course.exercises.words import find_words
from irsa_helpers.ground import state


def test_a_failing_notebook_fails_the_tour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "00-broken.ipynb"
    cells = [new_code_cell("assert 1 == 2, 'the claim does not hold'")]
    nbformat.write(new_notebook(cells=cells), broken)
    monkeypatch.setattr(tour, "notebooks", lambda _: [broken])
    answer = CliRunner().invoke(tour.main, [])
    assert answer.exit_code == 1
    assert "the claim does not hold" in answer.output


def test_an_exercise_that_is_solved_in_the_notebook_fails_the_tour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is run as it stands, which must not pass, and then with its solution."""
    words = find_words("03-write")
    given = "from irsa_helpers.oidc import provider_arn\nfrom irsa_helpers import connect\n"
    given += "provider = provider_arn(connect()); issuer = provider.split('oidc-provider/')[1]\n"
    first = new_code_cell(f"{given}from irsa_course import exercise")
    for code, code_of_exit, said in (
        (words.starter, 0, "all 1 notebooks passed"),
        (words.solution, 1, "untouched, it is right"),
    ):
        path = tmp_path / "03-some.ipynb"
        cells = [first, new_code_cell(f"{code}{words.call}", id=words.id)]
        nbformat.write(new_notebook(cells=cells), path)
        monkeypatch.setattr(tour, "notebooks", lambda _, path=path: [path])
        answer = CliRunner().invoke(tour.main, [])
        assert (answer.exit_code, said in answer.output) == (code_of_exit, True), answer.output


def test_the_tour_has_a_world_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, "/the/learners")
    with tour.own_world() as home:
        assert os.environ[state.HOME_VARIABLE] == str(home) != "/the/learners"
    assert os.environ[state.HOME_VARIABLE] == "/the/learners"
