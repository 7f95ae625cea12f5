"""`irsa-lab demo`: a rehearsed story, in a terminal."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

import click

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.printing.terminal import say, working
from irsa_helpers.worlds import launch
from irsa_workshop.stage import prompter
from irsa_workshop.stage.backstage import Backstage, worlds_ready
from irsa_workshop.stage.keys import HELP, Keys
from irsa_workshop.stage.model import Story, demo_folder, load_story
from irsa_workshop.stage.recordings import save
from irsa_workshop.stage.screen import Screen
from irsa_workshop.stage.stage import Pace, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTHS = ("3", "10", "20")


@click.command()
@click.argument("minutes", type=click.Choice(LENGTHS), default="10")
@click.option("--scenes", type=click.Path(path_type=Path), help="A story of your own, a YAML file.")
@click.option("--from", "first", type=click.IntRange(1), default=1, help="The scene to begin with.")
@click.option("--auto", is_flag=True, help="Play without a press of a key.")
@click.option(
    "--pace", type=click.FloatRange(0), default=1.0, help="0.5: twice as fast; 0: no waiting."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same names.")
@click.option("--rehearse", is_flag=True, help="Say at the end what each scene took.")
@click.option("--notes", is_flag=True, help="Read along in a second terminal: notes, clock.")
@click.option("--script", is_flag=True, help="Print the story with the speaker's words; no play.")
@click.option(
    "--record", type=click.Path(path_type=Path), help="Write FILE.cast and FILE.html at the end."
)
@click.option("--browser/--no-browser", default=True, help="Open the console's page.")
def demo(
    minutes: str,
    scenes: Path | None,
    first: int,
    auto: bool,
    pace: float,
    seed: int,
    rehearse: bool,
    notes: bool,
    script: bool,
    record: Path | None,
    browser: bool,
) -> None:
    """Play a story of MINUTES: commands are typed and run, the console shows the handshake."""
    if notes:
        with suppress(KeyboardInterrupt):
            prompter.follow(_cues())
        return
    source = scenes or demo_folder() / f"{minutes}.yaml"
    story = load_story(source)
    if script:
        say("\n".join(_script(story)))
        return
    if not (auto or sys.stdin.isatty()):
        raise IrsaLabError("no keyboard to play with", next_step="irsa-lab demo --auto")
    screen = Screen(story.title, sys.stdout)
    try:
        with (
            _ending_as_if_asked(),
            tempfile.TemporaryDirectory(prefix="irsa-lab-") as folder,
            worlds_ready(),
        ):
            backstage = Backstage(demo_home(), Path(folder), seed, browser=browser)
            reading = prompter.Notes(_cues(), source)
            stage = Stage(story, backstage, screen, Keys(), Pace(auto, pace), reading.tell)
            try:
                begun = min(first, len(story.scenes)) - 1
                with working("the stage is set"):
                    backstage.renew(story.scenes[begun])
                _greet(backstage, screen)
                asyncio.run(stage.play(begun))
            finally:
                reading.end()
                launch.stop_sandbox(demo_home())
    finally:
        for path in save(screen.recording, record) if record else ():
            say(f"recorded in {path}")
    if rehearse:
        say("\n".join(_timings(story, stage)))


@contextmanager
def _ending_as_if_asked() -> Iterator[None]:
    """A terminal that is closed, or SIGTERM, ends the story as `q` does: nothing runs on."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def demo_home() -> Path:
    """The folder of the story's sandbox: beside the learner's, whose world is left alone."""
    return state.home().with_name(f"{state.home().name}-demo")


def _cues() -> Path:
    """The file by which the story tells where it is."""
    return demo_home() / "speaker.json"


def _greet(backstage: Backstage, screen: Screen) -> None:
    """The console's page is open and its address told; the keys are told.

    A browser that does not come up cannot be told from one that does.
    """
    screen.tell_speaker(f"the handshake, live: {backstage.show_console()}\n\n{HELP}")


def _script(story: Story) -> Iterator[str]:
    """The story to print on paper: what is shown, what is typed, what to say."""
    yield f"{story.title} ({story.minutes:g} minutes)"
    for number, scene in enumerate(story.scenes, 1):
        yield f"\n{number}  {scene.title} ({scene.minutes:g} min; given: {scene.given})"
        yield from (f"   {line}" for line in scene.notes.strip().splitlines())
        for step in scene.steps:
            yield indent(f"$ {step.run}" if step.run else f"> {step.say}", "   ")


def _timings(story: Story, stage: Stage) -> Iterator[str]:
    """A line for each scene: what it took, and what it may take."""
    named = {f"{number}  {scene.title}": scene for number, scene in enumerate(story.scenes, 1)}
    width = max(map(len, named)) + 1
    yield f"\n{'scene':<{width}}{'took':>8}{'planned':>9}"
    for name, scene in named.items():
        yield f"{name:<{width}}{_timing(stage.spent[scene.title], scene.minutes)}"
    yield f"{'all':<{width}}{_timing(sum(stage.spent.values()), story.minutes)}"


def _timing(seconds: float, minutes: float) -> str:
    planned = minutes * 60
    over = "  over" if seconds > planned else ""
    return f"{prompter.clock(seconds):>8}{prompter.clock(planned):>9}{over}"
