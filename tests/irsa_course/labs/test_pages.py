"""The labs' notebooks: made from their words, and all that a learner sees in `labs/`."""

from __future__ import annotations

import re

import nbformat
import pytest

from irsa_course.labs import pages
from irsa_helpers.labs.model import Lab, labs_folder

MADE = pages.notebooks()


@pytest.mark.parametrize("lab", MADE, ids=lambda lab: lab.id)
def test_a_labs_notebook_is_the_one_that_its_words_make(lab: Lab) -> None:
    assert lab.notebook.read_text(encoding="utf-8") == MADE[lab], (
        "write it: python -m irsa_course.labs.pages"
    )


@pytest.mark.parametrize("lab", MADE, ids=lambda lab: lab.id)
def test_a_labs_notebook_tells_its_story_and_leads_on(lab: Lab) -> None:
    notebook = nbformat.reads(MADE[lab], as_version=4)
    nbformat.validate(notebook)
    assert lab.title in notebook.cells[0].source
    assert lab.story in notebook.cells[0].source
    links = re.findall(r"\]\(([^)]+)\)", notebook.cells[-1].source)
    assert f"../notebooks/{lab.lesson}.ipynb" in links
    for link in links:
        assert (labs_folder() / link).is_file(), link


@pytest.mark.parametrize("lab", MADE, ids=lambda lab: lab.id)
def test_a_lab_is_called_as_its_file(lab: Lab) -> None:
    """In a tab or a list of files one reads the one, in the notebook the other."""
    title = re.sub("[^a-z0-9]+", "-", lab.title.lower())
    assert title.startswith(lab.id.partition("-")[2])


@pytest.mark.parametrize("lab", MADE, ids=lambda lab: lab.id)
def test_a_labs_notebook_gives_nothing_away(lab: Lab) -> None:
    for told in (lab.debrief, *lab.hints):
        assert told not in MADE[lab]


def test_a_learner_sees_one_notebook_a_lab_and_nothing_else() -> None:
    shown = sorted(path.name for path in labs_folder().iterdir() if path.name[0] != ".")
    assert shown == [f"{lab.id}.ipynb" for lab in MADE]


@pytest.mark.parametrize("lab", MADE, ids=lambda lab: lab.id)
def test_a_lab_names_a_public_thread_where_its_fault_was_met(lab: Lab) -> None:
    assert lab.seen
    for sighting in lab.seen:
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", sighting.url)
        assert sighting.url not in MADE[lab], "it would give the fault away"


@pytest.mark.parametrize("lab", MADE, ids=lambda lab: lab.id)
def test_the_last_notebook_leads_from_a_symptom_to_each_lab(lab: Lab) -> None:
    table = (labs_folder().parent / "notebooks/09-in-real-life.ipynb").read_text(encoding="utf-8")
    assert f"[{lab.number}](../labs/{lab.id}.ipynb)" in table
