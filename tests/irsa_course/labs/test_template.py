"""`irsa-lab labs new` makes a lab with gaps, which is refused until they are filled in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from irsa_course.labs import pages, template
from irsa_helpers.cli import main
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs import engine, model
from irsa_helpers.labs.progress import Progress
from irsa_helpers.worlds import World


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first lab, in a labs folder of its own; returns that of the machinery."""
    first = model.all_labs()[0]
    machinery = tmp_path / ".machinery"
    machinery.mkdir()
    for path in (first.words, first.functions):
        shutil.copy(path, machinery)
    monkeypatch.setattr(model, "labs_folder", lambda: tmp_path)
    return machinery


def test_a_new_lab_gets_the_next_number_and_says_what_to_fill_in(folder: Path) -> None:
    said = CliRunner().invoke(main, ["labs", "new", "slow-clock"]).output
    made = model.find_lab("02")
    assert str(made.words) in said
    assert "irsa_course.labs.pages" in said
    assert made.words == folder / "02-slow-clock.yaml"
    assert made.functions.is_file()
    assert "lab-02" in made.words.read_text(encoding="utf-8")
    assert [lab.id for lab in model.all_labs()][1:] == ["02-slow-clock"]


def test_a_lab_with_gaps_is_refused_with_each_of_them(
    folder: Path, world: World, tmp_path: Path
) -> None:
    made = template.new_lab("slow-clock")
    with pytest.raises(IrsaLabError, match=r"lab 02-slow-clock has gaps: 02-slow-clock\.yaml:2, "):
        engine.start(world, made, Progress(tmp_path / "progress.sqlite3"))
    with pytest.raises(IrsaLabError, match="fill in what the lines with FILL IN ask for"):
        pages.notebooks()


def test_a_lab_without_gaps_has_a_notebook(folder: Path) -> None:
    made = template.new_lab("slow-clock")
    for path in (made.words, made.functions):
        path.write_text(path.read_text(encoding="utf-8").replace(model.GAP, "so it is"), "utf-8")
    first, second = pages.notebooks().values()
    assert "(02-slow-clock.ipynb)" in first
    assert "irsa-lab labs new" in second


def test_a_name_that_is_no_slug_is_refused(folder: Path) -> None:
    with pytest.raises(IrsaLabError, match="no lab's name"):
        template.new_lab("../elsewhere")


def test_a_name_that_a_lab_has_is_refused(folder: Path) -> None:
    made = template.new_lab("slow-clock")
    with pytest.raises(IrsaLabError, match="there is a lab 02-slow-clock"):
        template.new_lab("slow-clock")
    assert sorted(folder.glob("*.yaml"))[-1] == made.words
