"""The labs as a notebook shows them: `lab("03").start()`, `.check()`, `.hint()`, `board()`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import plain
from irsa_helpers.labs import engine, machinery
from irsa_helpers.labs.model import Lab, all_labs, find_lab
from irsa_helpers.labs.progress import Progress
from irsa_helpers.printing.markdown import block, cell
from irsa_helpers.worlds.environment import process_environment
from irsa_helpers.worlds.sandbox import sandbox_of

if TYPE_CHECKING:
    from irsa_course.labs.live import LiveGoals
    from irsa_helpers.labs.scene import Scene
    from irsa_helpers.worlds import World


@dataclass(frozen=True)
class Text:
    """A lab's own words, which are Markdown; what is put into them is shown as text."""

    markdown: str

    def __str__(self) -> str:
        return self.markdown

    def _repr_markdown_(self) -> str:
        return self.markdown


@dataclass(frozen=True)
class Answer:
    """What was typed and answered; a long line goes on below, broken between its words."""

    text: str

    def __str__(self) -> str:
        return plain(self.text)

    def _repr_html_(self) -> str:
        style = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
        return f"<pre style='{style}'>{escape(str(self))}</pre>"


@dataclass(frozen=True)
class LabInNotebook:
    """One lab, with the things that a learner does to it."""

    lab: Lab
    world: World

    @property
    def scene(self) -> Scene:
        """The lab's names, and its Pod to run commands in."""
        return machinery.scene_of(self.lab, self.world)

    def start(self) -> Text:
        """The world is broken as the story tells; shows what is there."""
        engine.start(self.world, self.lab, Progress())
        cast = "\n".join(f"- {kind}: {cell(name)}" for kind, name in self.lab.cast.items())
        return Text(
            f"**{self.lab.title}**: the lab stands, as its story tells. What is there:\n\n{cast}"
        )

    def run(self, command: str) -> Answer:
        """What a command answers in a terminal of this world: `aws`, `kubectl` or a whole line."""
        variables = process_environment(sandbox_of(self.world))
        one_line = command.replace("\\\n", "")  # Windows' shell knows no line that goes on
        done = subprocess.run(
            one_line, shell=True, env=variables, capture_output=True, text=True, check=False
        )
        return Answer(f"$ {command}\n{done.stdout}{done.stderr}")

    def check(self) -> engine.Verdict:
        """Each goal, with what was seen."""
        return engine.check(self.world, self.lab, Progress())

    def goals(self) -> LiveGoals:
        """The goals, which tick themselves as the world changes."""
        from irsa_course.labs.live import LiveGoals

        return LiveGoals(self.world, self.lab)

    def handshake(self) -> Any:
        """Each hop of a handshake as it happens; why one is refused it does not say here."""
        from irsa_course.labs.live import LabHops
        from irsa_helpers.views import live_handshake
        from irsa_helpers.worlds.sandbox import SandboxWorld

        return live_handshake(SandboxWorld(sandbox_of(self.world)), LabHops())

    def hint(self, number: int | None = None) -> Text:
        """The next hint, or hint `number`."""
        return Text(engine.hint(self.lab, Progress(), number))

    def solution(self, *, apply: bool = False) -> Text:
        """The solution's source; `apply=True` mends the world by it."""
        source = engine.solution(self.world, self.lab, Progress(), apply=apply)
        return Text(f"{self.lab.hints[-1]}\n\n{block(source, 'python')}")

    def reset(self) -> Text:
        """The lab is broken again as at its start."""
        return self.start()


def lab(name: str | int, world: World | None = None) -> LabInNotebook:
    """The lab of that number or id; in the world of `connect()` unless another is given."""
    from irsa_helpers.worlds import connect

    return LabInNotebook(find_lab(str(name)), world or connect())


def board() -> Text:
    """Every lab with your progress: state, the minutes you took, hints used."""
    records = Progress().board()
    head = ["lab", "title", "level", "about", "state", "your time", "help"]
    rows = [f"| {' | '.join(head)} |", f"| {' | '.join(':--' for _ in head)} |"]
    for one in all_labs():
        record = records.get(one.id)
        state, used = (record.state, record.help_used) if record else ("", "")
        spent = record.time_taken if record else ""
        cells = [one.number, one.title, one.level, f"{one.minutes} min", state, spent, used]
        rows.append(f"| {' | '.join(map(cell, cells))} |")
    return Text("\n".join(rows))
