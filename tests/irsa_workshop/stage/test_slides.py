"""The talk: slides with notes, and one page that needs nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from irsa_course import tour
from irsa_helpers import course, pods
from irsa_helpers.ground import state
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_workshop.stage.model import demo_folder
from irsa_workshop.stage.slides import page, slides

TALK = demo_folder() / "talk.ipynb"


def cell(text: str, kind: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}})


def test_cells_are_put_on_slides_by_their_type() -> None:
    kinds = ["slide", "fragment", "notes", "skip", "subslide", "-"]
    notebook = nbformat.v4.new_notebook(cells=[cell(kind, kind) for kind in kinds])
    found = slides(notebook)
    assert [[each.source for each in slide.shown] for slide in found] == [
        ["slide", "fragment"],
        ["subslide", "-"],
    ]
    assert [each.source for each in found[0].notes] == ["notes"]


def test_each_slide_of_the_talk_has_notes_and_the_notebook_no_outputs() -> None:
    notebook = nbformat.read(TALK, as_version=4)
    assert all(slide.notes for slide in slides(notebook))
    assert not any(each.get("outputs") for each in notebook.cells)
    # jupyterlab-slideshow leaves out a cell of a type that it does not know, as of nbconvert's "-".
    typed = [it.metadata.slideshow.slide_type for it in notebook.cells if it.metadata]
    assert set(typed) <= {"slide", "subslide", "fragment", "skip", "notes"}


def test_the_talk_runs_and_its_page_needs_no_network(
    world: SandboxWorld, sandbox_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, str(sandbox_home))
    # The AWS CLI in a Pod of another test may have kept credentials of a role that is gone.
    pods.ensure_no_deployment(world, course.DEPLOYMENT)
    text = page(tour.execute(TALK), TALK.parent)
    assert "assumed-role/enginrect-irsa-role" in text
    assert "data:image/svg+xml;base64," in text
    assert not re.search(r'(src|href)="(?!data:|#)', text)
