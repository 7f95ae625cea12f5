"""Plays a story: shows words, types commands, runs them, and follows the speaker's keys."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from irsa_helpers.errors import IrsaLabError
from irsa_workshop.stage.keys import HELP, SCENES
from irsa_workshop.stage.prompter import Cue

if TYPE_CHECKING:
    from irsa_workshop.stage.backstage import Backstage
    from irsa_workshop.stage.keys import Keys
    from irsa_workshop.stage.model import Scene, Step, Story
    from irsa_workshop.stage.screen import Screen

LETTER_SECONDS = 0.03
WORDS_A_SECOND = 2.5
LOOK_SECONDS = 0.05
PROMPT = "$ "


@dataclass(frozen=True)
class Pace:
    """Whether the story goes on by itself, and how fast: 1 as one reads, 0 without waiting."""

    alone: bool = False
    factor: float = 1.0


class _Leave(Exception):  # noqa: N818 (a wish, no error)
    """The speaker wants another scene, or this one again."""

    def __init__(self, wish: str) -> None:
        super().__init__(wish)
        self.wish = wish


class _Slip(Exception):  # noqa: N818 (what a speaker calls it)
    """A command did not do what it does when it is rehearsed."""


class Stage:
    """A story that is being played; `spent` counts the seconds of each scene, without pauses.

    `tell` is called with each new place in the story.
    """

    def __init__(
        self,
        story: Story,
        backstage: Backstage,
        screen: Screen,
        keys: Keys,
        pace: Pace,
        tell: Callable[[Cue], None] = lambda cue: None,
    ) -> None:
        self._story, self._backstage, self._screen = story, backstage, screen
        self._keys, self._pace, self._tell = keys, pace, tell
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._begun, self._paused = time.monotonic(), 0.0
        self._place = (0, 0)

    async def play(self, start: int = 0) -> None:
        """The story from that scene on, for which the world stands, until its end or the speaker's.

        Raises IrsaLabError where it plays alone and a scene fails twice.
        """
        with self._keys.listening():
            first = start if self._pace.alone else await self._curtain(start)
            await self._play(first, new=first != start)

    async def _curtain(self, start: int) -> int:
        """The speaker begins: with that scene, or with the one whose number is pressed."""
        self._screen.tell_speaker("\nEnter begins.")
        try:
            await self._press("")
        except _Leave as leave:
            return self._index(leave.wish, start)
        return start

    async def _play(self, start: int, *, new: bool) -> None:
        index, slips = start, 0
        while index < len(self._story.scenes):
            try:
                async with self._timed(self._story.scenes[index]):
                    await self._scene(index, new=new)
                index, new, slips = index + 1, False, 0
            except _Slip as slip:
                slips += 1
                index, new = await self._after(slip, index, slips), True
            except _Leave as leave:
                index, new = self._index(leave.wish, index), True

    async def _after(self, slip: _Slip, index: int, slips: int) -> int:
        """The scene to play after a slip: this one again, or whichever the speaker wants."""
        self._screen.say("wrong", f"Not as rehearsed: {slip}")
        if self._pace.alone:
            if slips > 1:
                raise IrsaLabError(
                    f"scene {index + 1} failed twice: {slip}",
                    next_step="play it by its number: irsa-lab demo --from NUMBER",
                )
            return index
        self._screen.tell_speaker("r: this scene again, in a new world · s: the next scene")
        try:
            await self._wish()
        except _Leave as leave:
            return self._index(leave.wish, index)

    async def _wish(self) -> NoReturn:
        """Until the speaker wants a scene: an impatient Enter does not go past a slip."""
        while True:
            if (asked := await self._keys.wait()) != "next":
                await self._obey(asked)

    def _index(self, wish: str, index: int) -> int:
        last = len(self._story.scenes)
        if wish in SCENES:
            return min(SCENES.index(wish), last - 1)
        moves = {"back": max(index - 1, 0), "again": index, "skip": index + 1, "quit": last}
        return moves[wish]

    @asynccontextmanager
    async def _timed(self, scene: Scene) -> AsyncIterator[None]:
        self._begun, self._paused = time.monotonic(), 0.0
        try:
            yield
        finally:
            self.spent[scene.title] += self._seconds()

    def _seconds(self) -> float:
        """How long the scene has been played now, without pauses."""
        return time.monotonic() - self._begun - self._paused

    def _cue(self, *, running: bool = True) -> None:
        scene, step = self._place
        played = sum(self.spent.values())
        self._tell(Cue(scene, step, self._seconds(), played, running, time.time()))

    async def _scene(self, index: int, *, new: bool) -> None:
        scene = self._story.scenes[index]
        self._screen.scene(f"{index + 1}/{len(self._story.scenes)}  {scene.title}")
        await self._make(scene, new=new)
        self._keys.forget()
        for number, step in enumerate(scene.steps):
            self._place = (index, number)
            self._cue()
            await self._step(step)
        self._place = (index, len(scene.steps))
        self._cue()
        self._screen.write("aside", "\n· · ·\n")
        await self._press(scene.title)

    async def _make(self, scene: Scene, *, new: bool) -> None:
        """Raises _Slip whatever goes wrong backstage: the speaker still has a key to go on by."""
        make = self._backstage.renew if new else self._backstage.prepare
        try:
            await asyncio.to_thread(make, scene)
        except Exception as error:
            raise _Slip(f"the scene could not be set up: {error}") from error

    async def _step(self, step: Step) -> None:
        if step.say:
            self._screen.say("say", step.say)
            await self._press(step.say)
            return
        self._screen.write("prompt", PROMPT)
        await self._type(step.run)
        await self._press("")
        self._screen.write("command", "\n")
        await self._run(step)
        await self._press(step.run)

    async def _type(self, text: str) -> None:
        """Letter by letter; a press of Enter brings the rest at once."""
        delay = LETTER_SECONDS * self._pace.factor
        for number, letter in enumerate(text):
            self._screen.write("command", letter)
            asked = await self._keys.within(delay) if delay else None
            if asked == "next":
                self._screen.write("command", text[number + 1 :])
                return
            if asked:
                await self._obey(asked)

    async def _run(self, step: Step) -> None:
        """Raises _Slip where its end or its output is another than the story says."""
        output: list[str] = []

        def show(line: str) -> None:
            output.append(line)
            self._screen.output(line)

        status = await self._watched(step.run, show)
        if (status != 0) != step.fails:
            wanted = "a refusal" if step.fails else "0"
            raise _Slip(f"`{_in_a_line(step.run)}` ended with {status}, expected was {wanted}.")
        if not re.search(step.shows, "".join(output)):
            raise _Slip(f"`{_in_a_line(step.run)}` should have shown {step.shows!r}.")

    async def _watched(self, command: str, show: Callable[[str], None]) -> int:
        """The exit status of a command, which the speaker may end."""
        running = asyncio.create_task(self._backstage.run(command, show))
        try:
            while not running.done():
                asked = await self._keys.within(LOOK_SECONDS)
                if asked == "interrupt":
                    raise _Slip(f"`{_in_a_line(command)}` was ended.")
                if asked and asked != "next":
                    await self._obey(asked)
            return await running
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])

    async def _press(self, words: str) -> None:
        """Return when the speaker goes on; alone, when one has read these words."""
        if self._pace.alone:
            seconds = len(words.split()) / WORDS_A_SECOND * self._pace.factor
            asked = await self._keys.within(seconds) if seconds else None
        else:
            asked = await self._keys.wait()
        if asked and asked != "next":
            await self._obey(asked)
            await self._press(words)

    async def _obey(self, asked: str) -> None:
        """Do what is asked for and come back, or raise _Leave."""
        if asked == "pause":
            await self._pause()
        elif asked == "shell":
            await self._own_shell()
        elif asked == "help":
            self._screen.tell_speaker(f"\n{HELP}")
        elif asked == "console":
            self._screen.tell_speaker(self._backstage.show_console())
        elif asked != "interrupt":
            raise _Leave(asked)

    async def _pause(self) -> None:
        """Nothing happens until the next press of p or Enter; the scene's clock stands still."""
        begun = time.monotonic()
        self._cue(running=False)
        while (asked := await self._keys.wait()) not in {"pause", "next"}:
            await self._obey(asked)
        self._paused += time.monotonic() - begun
        self._cue()

    async def _own_shell(self) -> None:
        """The speaker's own commands, in the story's world; `exit` comes back."""
        self._screen.tell_speaker("\na shell of your own; `exit` goes on with the story")
        with self._keys.resting():
            self._backstage.shell()


def _in_a_line(command: str) -> str:
    """A command that is typed in several lines, to be named in a sentence."""
    return " ".join(command.replace("\\\n", " ").split())
