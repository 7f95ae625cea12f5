"""The speaker's keys, or those of a presenter's remote, as what they ask for."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator

from prompt_toolkit.input import DummyInput, Input, create_input
from prompt_toolkit.keys import Keys as Key

SCENES = "1234567890"
ASKED = {
    **dict.fromkeys((Key.ControlM, Key.ControlJ, " ", Key.Right, Key.PageDown), "next"),
    **dict.fromkeys(("b", Key.Left, Key.PageUp), "back"),
    "r": "again",
    "s": "skip",
    "p": "pause",
    "!": "shell",
    "c": "console",
    "?": "help",
    "q": "quit",
    Key.ControlD: "quit",
    Key.ControlC: "interrupt",
    **{digit: digit for digit in SCENES},
}
HELP = """\
Enter, Space, PageDown   on              b, PageUp   the scene before
r   this scene again, in a new world     s           the next scene
p   pause                                1-9, 0      that scene; 0 is the tenth
!   a shell of your own                  Ctrl-C      end the command
c   the console's page, opened again     ?           these keys
q   quit"""


class Keys:
    """What the speaker asked for, in the order of the presses."""

    def __init__(self, source: Input | None = None) -> None:
        self._source = source or (create_input() if sys.stdin.isatty() else DummyInput())
        self._asked: asyncio.Queue[str] = asyncio.Queue()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Keys are read, and are not echoed."""
        if isinstance(self._source, DummyInput):
            yield
            return
        with self._source.raw_mode(), self._source.attach(self._read):
            yield

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """The terminal is another program's."""
        with self._source.detach(), self._source.cooked_mode():
            yield
        self.forget()

    def forget(self) -> None:
        """An Enter that was pressed while nothing could be seen counts for nothing."""
        pressed = [self._asked.get_nowait() for _ in range(self._asked.qsize())]
        for asked in pressed:
            if asked != "next":
                self._asked.put_nowait(asked)

    def _read(self) -> None:
        for press in self._source.read_keys():
            if asked := ASKED.get(press.key):
                self._asked.put_nowait(asked)

    async def wait(self) -> str:
        """What is asked for next."""
        return await self._asked.get()

    async def within(self, seconds: float) -> str | None:
        """What is asked for in that time; None where nothing is."""
        try:
            return await asyncio.wait_for(self._asked.get(), seconds)
        except TimeoutError:
            return None
