"""A seat's copy of the course."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_helpers.labs.model import all_labs, find_lab, labs_folder
from irsa_workshop.room.seat import lay_out

ROOT = Path(__file__).parents[3]


def test_a_seat_has_the_labs_notebooks_of_its_own_and_the_projects_machinery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, labs = tmp_path / "irsa-lab", [lab.id for lab in all_labs()]
    lay_out(course, ROOT)
    monkeypatch.chdir(course)
    assert labs_folder() == course / "labs"
    assert [lab.id for lab in all_labs()] == labs
    notebook = find_lab("01").notebook
    notebook.write_text("{}", encoding="utf-8")
    lay_out(course, ROOT)
    assert notebook.read_text(encoding="utf-8") == "{}", "what the learner has changed stays"
    assert (ROOT / "labs" / notebook.name).read_text(encoding="utf-8") != "{}"
