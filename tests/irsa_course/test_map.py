"""The map: what is done, what is next, and a certificate for those who are through."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from irsa_course.exercises import all_words
from irsa_course.folder import project_folder
from irsa_course.map import CourseMap, Place, course_map, course_notebooks
from irsa_course.progress import Attempts
from irsa_helpers.course import catch_up
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds.sandbox import SandboxWorld

DONE = CourseMap(
    (Place("02-x", "A <b>step</b>", 15, 3, 3, "done"),), (Place("l", "labs: l", 5, 1, 2),)
)


@pytest.fixture
def own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, str(tmp_path))


@pytest.mark.usefixtures("own_progress")
def test_an_exercise_that_is_right_and_a_step_that_holds_are_seen(world: SandboxWorld) -> None:
    catch_up(world, through="role")
    before = {place.name: place for place in course_map(world).notebooks}
    assert before["03-trust-policy"].step == "done"
    assert before["05-pod-verification"].step in {"done", "not yet", "waits"}
    assert before["03-trust-policy"].done == 0
    first = next(each for each in all_words() if each.notebook == "03-trust-policy")
    Attempts().checked(first.id, slip="")
    after = {place.name: place for place in course_map(world).notebooks}
    assert after["03-trust-policy"].done == 1
    assert sum(place.minutes for place in after.values()) > 100


def test_what_is_next_is_the_first_that_is_not_finished() -> None:
    assert DONE.next_step == "irsa-lab labs: 1 of labs: l are open"
    begun = replace(DONE, notebooks=(replace(DONE.notebooks[0], done=2),))
    assert begun.next_step.startswith("notebooks/02-x.ipynb")
    assert "○ 02 A <b>step</b>" in str(begun)
    assert "2 of 3 exercises are right, 1 of 2 labs done." in str(begun)


def test_a_certificate_is_for_those_who_are_through(tmp_path: Path) -> None:
    page = DONE.certificate("Kim <script>", tmp_path / "c.html").read_text()
    assert "Kim &lt;script&gt;" in page
    assert ">3</text>" in page
    assert ">of 3</text>" in page
    assert ">break-fix labs</text>" in page
    assert "Nobody has signed this" in page
    unfinished = replace(DONE, notebooks=(replace(DONE.notebooks[0], step="not yet"),))
    with pytest.raises(IrsaLabError, match="not finished yet"):
        unfinished.certificate("Kim", tmp_path / "other.html")
    assert not (tmp_path / "other.html").exists()


def test_nothing_that_is_shown_is_markup() -> None:
    shown = DONE._repr_mimebundle_()["text/html"]
    assert "A &lt;b&gt;step" in shown
    assert f"{'▓' * 10}</span> 3 of 3" in shown


def test_the_paths_in_the_first_notebook_take_the_minutes_that_they_say() -> None:
    """One hour: the notebooks that its row links, and the first itself; one day: all of them."""
    minutes = {name: takes for name, _, takes in course_notebooks()}
    first = json.loads((project_folder() / "notebooks/00-welcome.ipynb").read_text("utf-8"))
    paths = "".join(next(cell["source"] for cell in first["cells"] if cell["id"] == "00-27"))
    hour = re.search(r"^\| one hour \|(.*)\| (\d+) \|$", paths, re.MULTILINE)
    day = re.search(r"^\| one day \|.*\| (\d+) \|$", paths, re.MULTILINE)
    assert hour
    assert day
    linked = ["00-welcome", *re.findall(r"\]\(([\w-]+)\.ipynb\)", hour[1])]
    assert sum(minutes[name] for name in linked) == int(hour[2])
    assert sum(minutes.values()) == int(day[1])
