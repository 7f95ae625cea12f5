"""`irsa-lab labs new` makes a lab that loads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs import model, template


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's first lab, in a labs folder of its own."""
    first = model.all_labs()[0].folder
    shutil.copytree(first, tmp_path / first.name)
    monkeypatch.setattr(model, "labs_folder", lambda: tmp_path)
    monkeypatch.setattr(template, "labs_folder", lambda: tmp_path)
    return tmp_path


def test_a_new_lab_gets_the_next_number_everywhere(folder: Path) -> None:
    made = template.new_lab("slow-clock")
    assert made.name == "02-slow-clock"
    assert model.load_lab(made).namespace == "lab-02"
    assert model.load_lab(made).title == "Slow clock"
    for path in made.iterdir():
        assert "lab-01" not in path.read_text(encoding="utf-8"), path


def test_a_name_that_is_no_slug_is_refused(folder: Path) -> None:
    with pytest.raises(IrsaLabError, match="no lab's name"):
        template.new_lab("../elsewhere")


def test_a_name_that_a_lab_has_is_refused(folder: Path) -> None:
    made = template.new_lab("slow-clock")
    with pytest.raises(IrsaLabError, match="there is a lab 02-slow-clock"):
        template.new_lab("slow-clock")
    assert sorted(folder.iterdir())[-1] == made
