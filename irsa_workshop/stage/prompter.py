"""What the speaker alone sees, on a screen of their own: notes, the next step, the clock."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from irsa_helpers.errors import plain
from irsa_helpers.ground import state

if TYPE_CHECKING:
    from rich.text import Text

    from irsa_workshop.stage.model import Scene, Story

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Cue:
    """Where the story is: the place of its scene and of the step in it, and what has been played.

    `seconds` are those of this scene, `before` those of the scenes before it, both at the time
    `at`; they go on while it is `running`. A step past the last is the scene's end.
    """

    scene: int
    step: int
    seconds: float
    before: float
    running: bool
    at: float

    def grown(self, now: float) -> float:
        """How long the scene has been played at that time."""
        return self.seconds + (now - self.at if self.running else 0)


class Notes:
    """A file by which a story that is played tells those who read along where it is."""

    def __init__(self, path: Path, source: Path) -> None:
        self._path, self._source = path, source

    def tell(self, cue: Cue) -> None:
        """Whoever reads along sees this cue now."""
        told = {"story": str(self._source.resolve()), **asdict(cue)}
        state.write_private(self._path, json.dumps(told))

    def end(self) -> None:
        """The story is over."""
        self._path.unlink(missing_ok=True)


def read(path: Path) -> tuple[Path, Cue] | None:
    """The file of the story that is played now, and where it is; None where none is played."""
    told = state.read_object(path)
    return None if told is None else (Path(told.pop("story")), Cue(**told))


def shown(story: Story, cue: Cue, now: float) -> Iterator[Text]:
    """The lines of the speaker's screen."""
    from rich.text import Text

    scene = story.scenes[cue.scene]
    seconds = cue.grown(now)
    yield Text(f"{cue.scene + 1}/{len(story.scenes)}  {scene.title}", "bold")
    yield Text(
        f"this scene {_against(seconds, scene.minutes)}   "
        f"all {_against(cue.before + seconds, story.minutes)}{'' if cue.running else '   PAUSED'}",
        "red" if seconds > scene.minutes * 60 else "",
    )
    yield Text(f"\n{plain(scene.notes)}")
    yield Text(f"Now   {_named(scene, cue.step)}", "bold")
    yield Text(f"Then  {_following(story, cue)}", "dim")


def _named(scene: Scene, step: int) -> str:
    """A step in words; past the last is the scene's end."""
    if step >= len(scene.steps):
        return "the end of the scene"
    return plain(scene.steps[step].say or f"$ {scene.steps[step].run}")


def _following(story: Story, cue: Cue) -> str:
    scene = story.scenes[cue.scene]
    if cue.step < len(scene.steps):
        return _named(scene, cue.step + 1)
    later = story.scenes[cue.scene + 1 :]
    return later[0].title if later else "applause"


def _against(seconds: float, minutes: float) -> str:
    return f"{clock(seconds)} of {clock(minutes * 60)}"


def clock(seconds: float) -> str:
    """Seconds as `minutes:seconds`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def follow(path: Path) -> None:
    """Show where the story of that file is, until Ctrl-C."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    from irsa_workshop.stage.model import load_story

    console = Console()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            told = read(path)
            lines: list[Text] = [
                Text("No story is played yet: irsa-lab demo, in another terminal.")
            ]
            if told:
                lines = list(shown(load_story(told[0]), told[1], time.time()))
            live.update(Group(*lines), refresh=True)
            time.sleep(LOOK_SECONDS)
