"""What a story is: scenes with a state of the world to begin from, and steps to play."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from irsa_helpers.course import STEPS
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state

NOTHING = "nothing"
GIVEN = (NOTHING, *STEPS)
STEP_FIELDS = {"say", "run", "fails", "shows"}
SCENE_FIELDS = {"title", "minutes", "given", "before", "files", "notes", "steps"}
STORY_FIELDS = {"title", "scenes"}


@dataclass(frozen=True)
class Step:
    """Words to show, or a command to type and run.

    `fails` says that the command is to be refused, `shows` is a pattern that its output must have.
    """

    say: str = ""
    run: str = ""
    fails: bool = False
    shows: str = ""


@dataclass(frozen=True)
class Scene:
    """A part of a story that can be begun at any time.

    `given` is the last step of the course that is done when it begins, `before` are commands that
    bring about what else it needs, `files` (name -> text) lie in the folder of its commands. All of
    that may be done again. `notes` are the speaker's words.
    """

    title: str
    minutes: float
    given: str
    steps: tuple[Step, ...]
    before: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    notes: str = ""


@dataclass(frozen=True)
class Story:
    """Scenes in the order in which they are played."""

    title: str
    scenes: tuple[Scene, ...]

    @property
    def minutes(self) -> float:
        """How long the story takes, with the speaker's words."""
        return sum(scene.minutes for scene in self.scenes)


def demo_folder() -> Path:
    """The project's `demo/`. Raises IrsaLabError outside of the project."""
    root = state.project_root()
    if root is None:
        raise IrsaLabError("the stories are not here", next_step="cd into the project's folder")
    return root / "demo"


def load_story(path: Path) -> Story:
    """The story of a file. Raises IrsaLabError that names what is wrong in it."""
    described = _read(path)
    _check(path, described, STORY_FIELDS, {"title", "scenes"})
    scenes = tuple(_scene(path, scene) for scene in described["scenes"])
    if not scenes:
        raise IrsaLabError(f"{path}: no scenes", next_step="name one of demo/scenes/")
    return Story(str(described["title"]), scenes)


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise IrsaLabError(
            f"{path} cannot be read: {error}", next_step="see demo/README.md for its form"
        ) from error


def _scene(path: Path, described: Any) -> Scene:
    """A scene that is written out, or is named: a file beside the story's, or in demo/scenes/."""
    if isinstance(described, str):
        path = _named(path, described)
        described = _read(path)
    _check(path, described, SCENE_FIELDS, {"title", "minutes", "given", "steps"})
    if described["given"] not in GIVEN:
        raise IrsaLabError(
            f"{path}: given {described['given']!r}", next_step=f"one of {', '.join(GIVEN)}"
        )
    steps = tuple(_step(path, step) for step in described["steps"])
    before = tuple(described.get("before", ()))
    return Scene(**{**described, "steps": steps, "before": before})


def _named(story: Path, name: str) -> Path:
    places = [story.parent / "scenes", story.parent, demo_folder() / "scenes"]
    for place in places:
        if (file := place / f"{name}.yaml").exists():
            return file
    known = sorted(path.stem for path in (demo_folder() / "scenes").glob("*.yaml"))
    raise IrsaLabError(f"{story}: no scene {name!r}", next_step=f"there are {', '.join(known)}")


def _step(path: Path, described: Any) -> Step:
    _check(path, described, STEP_FIELDS, set())
    step = Step(**described)
    if bool(step.say) == bool(step.run):
        raise IrsaLabError(f"{path}: a step has `say` or `run`, not {sorted(described)}")
    try:
        re.compile(step.shows)
    except re.error as error:
        raise IrsaLabError(f"{path}: shows {step.shows!r}: {error}") from error
    return step


def _check(path: Path, described: Any, known: set[str], needed: set[str]) -> None:
    """Raises IrsaLabError where it is no mapping, or has a field too many or too few."""
    if not isinstance(described, dict):
        raise IrsaLabError(f"{path}: {described!r}", next_step=f"write {', '.join(sorted(known))}")
    if odd := sorted((described.keys() - known) | (needed - described.keys())):
        raise IrsaLabError(
            f"{path}: missing or unknown {odd}", next_step=f"it may have {sorted(known)}"
        )
