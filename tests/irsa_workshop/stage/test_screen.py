"""What the audience sees, and what the speaker alone does."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.style import Style

from irsa_workshop.stage.model import Scene, Step, Story
from irsa_workshop.stage.prompter import Cue, Notes, read, shown
from irsa_workshop.stage.screen import LOOKS, Screen, folded

BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "dark grey": (30, 30, 30)}
LARGE_TYPE = 3  # contrast that it needs. Source: WCAG 2.2, 1.4.3
SCENES = (
    Scene("One", 1, "nothing", (Step(say="Look."), Step(run="ls")), notes="Point at it."),
    Scene("Two", 1, "nothing", (Step(run="pwd"),)),
)
STORY = Story("A story", SCENES)
BEGUN = Cue(scene=0, step=0, seconds=10, before=0, running=True, at=1000)


def luminance(colour: tuple[int, ...]) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in colour]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("look", [look for look, style in LOOKS.items() if "color" in style])
def test_each_colour_is_read_on_a_dark_and_on_a_light_terminal(look: str, background: str) -> None:
    colour = Style.parse(LOOKS[look]).color
    assert colour
    both = sorted((luminance(colour.get_truecolor()), luminance(BACKGROUNDS[background])))
    assert (both[1] + 0.05) / (both[0] + 0.05) >= LARGE_TYPE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  found a word", "  found a word"),
        ("  found another word", "  found another\n  word"),
        ("a-role-with-hyphens", "a-role-with-hyp\nhens"),
    ],
)
def test_a_line_is_broken_between_its_words(line: str, expected: str) -> None:
    assert folded(line, 15) == expected


def test_of_a_line_that_was_written_over_the_last_state_is_shown() -> None:
    stream = io.StringIO()
    Screen("A story", stream).output("Completed 1 of 3\rCompleted 3 of 3\rupload failed\r\n")
    assert stream.getvalue() == "upload failed\n"


def lines(cue: Cue, now: float) -> str:
    return "\n".join(text.plain for text in shown(STORY, cue, now))


def test_the_speaker_reads_the_notes_the_next_step_and_the_clock() -> None:
    seen = lines(BEGUN, now=1005)
    assert "1/2  One" in seen
    assert "this scene 0:15 of 1:00   all 0:15 of 2:00" in seen
    assert "Point at it." in seen
    assert "Now   Look.\nThen  $ ls" in seen


def test_in_a_pause_the_speakers_clock_stands_still() -> None:
    assert "this scene 0:10 of 1:00   all 0:10 of 2:00   PAUSED" in lines(
        replace(BEGUN, running=False), now=1005
    )


@pytest.mark.parametrize(
    ("place", "then"),
    [((0, 1), "the end of the scene"), ((0, 2), "Two"), ((1, 1), "applause")],
)
def test_the_speaker_sees_what_comes_after(place: tuple[int, int], then: str) -> None:
    scene, step = place
    assert f"Then  {then}" in lines(replace(BEGUN, scene=scene, step=step), now=1000)


def test_whoever_reads_along_finds_the_story_until_it_ends(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "speaker.json", tmp_path / "own.yaml")
    assert read(tmp_path / "speaker.json") is None
    notes.tell(BEGUN)
    assert read(tmp_path / "speaker.json") == (tmp_path / "own.yaml", BEGUN)
    notes.end()
    assert read(tmp_path / "speaker.json") is None
