"""`irsa-lab labs watch`: the goals in a terminal, drawn again in place where it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from irsa_course.labs.live import mark
from irsa_helpers.errors import plain
from irsa_helpers.printing.terminal import say

if TYPE_CHECKING:
    from irsa_course.labs.watching import Sight, Watch
    from irsa_helpers.labs.model import Lab


def show(watch: Watch) -> bool:
    """The goals are shown whenever one is another, until all are reached; Ctrl-C ends it before.

    Returns whether all are reached.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        return _listed(watch)
    with Live(console=console, auto_refresh=False) as live:
        try:
            for sight in watch.sights():
                live.update(_drawn(watch.lab, sight), refresh=True)
                if sight.passed:
                    return True
        except KeyboardInterrupt:
            watch.ended = True
    return False


def _listed(watch: Watch) -> bool:
    """The same, each sight below the one before: for a file or a pipe."""
    for sight in watch.sights():
        say(_lines(watch.lab, sight))
        if sight.passed:
            return True
    return False


def _lines(lab: Lab, sight: Sight) -> str:
    goals = [f"{mark(goal.reached)}  {goal.name}" for goal in sight.goals]
    return "\n".join([f"Lab {lab.number}: {lab.title}", *goals, _last_words(sight)])


def _last_words(sight: Sight) -> str:
    met = [f"Seen elsewhere: {sighting}" for sighting in sight.seen]
    return "\n".join([sight.debrief or sight.note, *met])


def _drawn(lab: Lab, sight: Sight) -> Group:
    """The lab's title, each goal with its mark and what was seen, at the end the debrief."""
    reached = sum(goal.reached for goal in sight.goals)
    head = f"Lab {lab.number}: {lab.title}   {reached} of {len(sight.goals)} goals reached"
    table = Table.grid(padding=(0, 2))
    for goal in sight.goals:
        style = "green" if goal.reached else "yellow"
        table.add_row(Text(mark(goal.reached), style=style), Text(goal.name))
        table.add_row("", Text(f"seen: {plain(goal.found)}", style="dim"))
    last = _last_words(sight) or "Ctrl-C ends this; your work goes on in another terminal."
    return Group(Text(head, style="bold"), table, Text(f"\n{plain(last)}"))
