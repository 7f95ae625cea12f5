"""Stories: those of the project, and what a speaker's own may get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_workshop.stage.model import demo_folder, load_story
from irsa_workshop.stage.screen import WIDEST
from irsa_workshop.stage.stage import PROMPT

SCENE = "{title: Own, minutes: 1, given: nothing, steps: [{say: Hello}]}"


@pytest.mark.parametrize("minutes", [3, 10, 20])
def test_a_story_takes_the_minutes_of_its_name(minutes: int) -> None:
    story = load_story(demo_folder() / f"{minutes}.yaml")
    assert story.minutes == minutes
    assert all(scene.notes for scene in story.scenes)


def test_no_command_breaks_at_the_edge_of_the_narrowest_terminal() -> None:
    steps = [step for scene in load_story(demo_folder() / "20.yaml").scenes for step in scene.steps]
    lines = [line for step in steps for line in f"{PROMPT}{step.run}".splitlines()]
    assert [line for line in lines if len(line) >= WIDEST] == []


def test_each_scene_is_played_in_a_story() -> None:
    told = load_story(demo_folder() / "20.yaml").scenes
    assert len(told) == len(list((demo_folder() / "scenes").glob("*.yaml")))


def test_a_speakers_own_story_takes_scenes_of_the_project(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(f"title: Mine\nscenes:\n- {SCENE}\n- one-letter\n")
    assert [scene.title for scene in load_story(own).scenes] == ["Own", "One letter"]


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        ("no-such-scene", "no scene 'no-such-scene'"),
        (SCENE.replace("nothing", "tomorrow"), "given 'tomorrow'"),
        (SCENE.replace("minutes", "hours"), r"missing or unknown \['hours', 'minutes'\]"),
        (SCENE.replace("say: Hello", "say: Hello, run: ls"), "`say` or `run`"),
        (SCENE.replace("say: Hello", "run: ls, shows: '('"), r"shows '\('"),
        ("[a, list]", "'a', 'list'"),
    ],
)
def test_what_is_wrong_in_a_story_is_named(tmp_path: Path, scene: str, said: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(f"title: Mine\nscenes:\n- {scene}\n")
    with pytest.raises(IrsaLabError, match=said):
        load_story(own)


def test_a_story_that_is_not_there_says_where_its_form_is_told(tmp_path: Path) -> None:
    with pytest.raises(IrsaLabError, match=r"demo/README\.md"):
        load_story(tmp_path / "none.yaml")
