"""The labs as a notebook shows them: `lab("03").start()`, `.check()`, `.hint()`, `board()`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irsa_helpers.labs import engine
from irsa_helpers.labs.model import Lab, all_labs, find_lab
from irsa_helpers.labs.progress import Progress

if TYPE_CHECKING:
    from irsa_helpers.world import World


@dataclass(frozen=True)
class Text:
    """Markdown, shown as such by a notebook."""

    markdown: str

    def __str__(self) -> str:
        return self.markdown

    def _repr_markdown_(self) -> str:
        return self.markdown


@dataclass(frozen=True)
class LabInNotebook:
    """One lab, with the five things that a learner does to it."""

    lab: Lab
    world: World

    def start(self) -> Text:
        """The world is broken as the story tells; shows the story and the goals."""
        story = engine.start(self.world, self.lab, Progress())
        goals = "\n".join(f"- {goal}" for goal in self.lab.goals)
        return Text(f"**{self.lab.title}**\n\n{story}\n\nYou are done when:\n\n{goals}")

    def check(self) -> engine.Verdict:
        """Each goal, with what was seen."""
        return engine.check(self.world, self.lab, Progress())

    def hint(self, number: int | None = None) -> Text:
        """The next hint, or hint `number`."""
        return Text(engine.hint(self.lab, Progress(), number))

    def solution(self, *, apply: bool = False) -> Text:
        """The solution's source; `apply=True` mends the world by it."""
        source = engine.solution(self.world, self.lab, Progress(), apply=apply)
        return Text(f"```python\n{source}```")

    def reset(self) -> Text:
        """The lab is broken again as at its start."""
        return self.start()


def lab(name: str, world: World | None = None) -> LabInNotebook:
    """The lab of that number or id; in the world of `connect()` unless another is given."""
    from irsa_helpers.world import connect

    return LabInNotebook(find_lab(name), world or connect())


def board() -> Text:
    """Every lab with your progress: state, minutes, hints."""
    records = Progress().records()
    rows = ["| lab | level | minutes | state | hints |", "| --- | --- | --- | --- | --- |"]
    for each in all_labs():
        record = records.get(each.id)
        state, hints = (record.state, record.hints_used) if record else ("not started", 0)
        rows.append(f"| {each.id} | {each.level} | {each.minutes} | {state} | {hints} |")
    return Text("\n".join(rows))
