"""What the audience sees: text in a few looks, written to the terminal and to a recording."""

from __future__ import annotations

import os
import shutil
import textwrap
import time
from dataclasses import dataclass, field
from typing import TextIO

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style

from irsa_helpers.errors import plain

# Numbers of the fixed 256, not of a theme's 16: each has a contrast of 3 to 1 and more on a dark
# terminal and on a light one, as large type needs. Source: WCAG 2.2, 1.4.3.
LOOKS = {
    "title": "bold color(33)",
    "say": "bold",
    "prompt": "color(28)",
    "command": "bold color(166)",
    "output": "",
    "wrong": "bold color(160)",
    "aside": "color(243)",
}
CLEAR = "\x1b[2J\x1b[3J\x1b[H"
WIDEST = 80


@dataclass(frozen=True)
class Event:
    """Text that appeared, `at` seconds after the beginning; a scene's title clears the screen."""

    at: float
    look: str
    text: str
    scene: str = ""


@dataclass
class Recording:
    """All that was shown, in its order."""

    title: str
    columns: int
    rows: int
    begun: float = field(default_factory=time.time)
    events: list[Event] = field(default_factory=list)

    def add(self, look: str, text: str, scene: str = "") -> None:
        """Take note of what appears now; the first of all begins the recording."""
        if not self.events:
            self.begun = time.time()
        self.events.append(Event(time.time() - self.begun, look, text, scene))


def ansi(look: str, text: str, system: ColorSystem | None = ColorSystem.EIGHT_BIT) -> str:
    """The text as a terminal shows it in that look."""
    return Style.parse(LOOKS[look]).render(text, color_system=system)


class Screen:
    """The terminal, as it is written to; `recording` holds all that was shown."""

    def __init__(self, title: str, stream: TextIO) -> None:
        columns, rows = shutil.get_terminal_size()
        self._stream = stream
        self._system = _color_system(stream)
        self.recording = Recording(title, columns, rows)

    def scene(self, title: str) -> None:
        """A scene begins: its title on an empty screen."""
        self._out(CLEAR if self._stream.isatty() else "\n")
        self.recording.add("title", f"{title}\n", scene=title)
        self._out(ansi("title", f"{title}\n", self._system))

    def write(self, look: str, text: str) -> None:
        """Text that comes from somewhere else does not steer the terminal."""
        shown = plain(text)
        self.recording.add(look, shown)
        self._out(ansi(look, shown, self._system))

    def say(self, look: str, text: str) -> None:
        """Words, as wide as can be read from the last row."""
        self.write(look, f"\n{textwrap.fill(text, min(self._columns(), WIDEST))}\n\n")

    def output(self, line: str) -> None:
        """A line that a command printed; one that is too long is broken between its words.

        Of a line that was written over, as a progress bar's, the last state is shown.
        """
        last = line.rstrip("\r\n").rpartition("\r")[2]
        self.write("output", f"{folded(last, self._columns())}\n")

    def tell_speaker(self, text: str) -> None:
        """A line that is for whoever sits at the keyboard, and in no recording."""
        self._out(ansi("aside", f"{plain(text)}\n", self._system))

    def _columns(self) -> int:
        """How wide the terminal is now: a speaker enlarges the type when the room asks for it."""
        if self._stream.isatty():
            return os.get_terminal_size(self._stream.fileno()).columns
        return self.recording.columns

    def _out(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def folded(line: str, width: int) -> str:
    """The line in as many as it needs, below one another; a word is broken only where it must."""
    if len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip(" "))]
    return textwrap.fill(line, width, subsequent_indent=indent, break_on_hyphens=False)


def _color_system(stream: TextIO) -> ColorSystem | None:
    """What the terminal can show; NO_COLOR and a pipe are respected."""
    console = Console(file=stream)
    named = None if console.no_color else console.color_system
    return {
        None: None,
        "standard": ColorSystem.STANDARD,
        "256": ColorSystem.EIGHT_BIT,
        "truecolor": ColorSystem.TRUECOLOR,
        "windows": ColorSystem.WINDOWS,
    }[named]
