"""`irsa-lab labs …`: the break-fix labs from a terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs import engine
from irsa_helpers.labs.model import LEVELS, Lab, all_labs, find_lab
from irsa_helpers.labs.progress import Progress
from irsa_helpers.printing.terminal import heading, marked, rows, say, verdict, working

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
WIDTH = 80
filled = partial(fill, width=WIDTH, break_long_words=False, break_on_hyphens=False)


def _named_or_open(_context: click.Context, _parameter: click.Parameter, name: str | None) -> Lab:
    """The lab of that number or id; without one, the lab that is open."""
    if name is None:
        name = Progress().open_lab()
    if name is None:
        raise IrsaLabError("no lab is open", next_step="name one: irsa-lab labs start 01")
    return find_lab(name)


def _alike(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The labs whose id begins so, for a shell to complete."""
    return [lab.id for lab in all_labs() if lab.id.startswith(begun)]


which = click.argument(
    "lab", metavar="[ID]", required=False, callback=_named_or_open, shell_complete=_alike
)


@click.group("labs", invoke_without_command=True)
@as_json
@click.pass_context
def labs(context: click.Context, as_json: bool) -> None:
    """Break-fix labs: list them with your progress; start, check, hint, solution, reset one."""
    if context.invoked_subcommand:
        return
    listed = [_row(lab, Progress()) for lab in all_labs()]
    if as_json:
        say(json.dumps(listed, indent=2))
        return
    for level in LEVELS:
        heading(level)
        rows([_cells(row) for row in listed if row["level"] == level], indent=2)
    done = sum(row["state"] == "done" for row in listed)
    kind = "right" if done == len(listed) else "open"
    verdict(kind, f"{done} of {len(listed)} done.", next_step="irsa-lab labs start NUMBER")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    spent = row["time_taken"] or f"({row['minutes']} min)"
    state = "" if row["state"] == "not started" else row["state"]
    return (row["id"][:2], f"{row['title']:<36}", f"{spent:>8}", f"{state:<7}", row["help_used"])


def _row(lab: Lab, progress: Progress) -> dict[str, Any]:
    record = progress.board().get(lab.id)
    return {
        "id": lab.id,
        "title": lab.title,
        "level": lab.level,
        "minutes": lab.minutes,
        "state": record.state if record else "not started",
        "hints_used": record.hints_counted if record else 0,
        "solution_seen": record.solution_seen if record else False,
        "help_used": record.help_used if record else "",
        "seconds": record.seconds if record else None,
        "time_taken": record.time_taken if record else "",
    }


@labs.command()
@which
def start(lab: Lab) -> None:
    """Break the world as the lab's story tells."""
    with working("the lab's world is built, and broken"):
        story = engine.start(_world(), lab, Progress())
    head = f"Lab {lab.number}: {lab.title} ({lab.level}, about {lab.minutes} minutes)"
    say(f"{head}\n\n{filled(story)}\n\nWhat is there:")
    for kind, name in lab.cast.items():
        say(f"  {kind:<15} {name}")
    say('\nSee it for yourself (after: eval "$(irsa-lab env)"):')
    for command in lab.commands:
        say(f"  {command}")
    say("\nYou are done when:")
    for goal in lab.goals:
        say(f"  - {goal}")
    following = ", ".join(("watch", "hint", "solution", "reset"))
    say(f"\nNext: irsa-lab labs check {lab.number}   (or: {following})")


@labs.command()
@which
@as_json
def check(lab: Lab, as_json: bool) -> None:
    """Tick each goal, with what was seen; exit 1 until all are reached."""
    with working("looking at what the Pod can do"):
        seen = engine.check(_world(), lab, Progress())
    if as_json:
        say(json.dumps(asdict(seen) | {"passed": seen.passed}, indent=2))
    else:
        marked(str(seen))
        _say_how_far(lab, seen)
    raise SystemExit(0 if seen.passed else 1)


def _say_how_far(lab: Lab, seen: engine.Verdict) -> None:
    """How many goals are reached, last; and where a lab that is done leads to."""
    if seen.passed:
        say(f"\n{_leads_on(lab)}")
    reached = sum(goal.reached for goal in seen.goals)
    kind = "right" if seen.passed else "wrong"
    verdict(kind, f"{reached} of {len(seen.goals)} goals reached.")


def _leads_on(lab: Lab) -> str:
    """Where a lab that is done leads to."""
    lesson, following = f"Lesson: notebooks/{lab.lesson}.ipynb", lab.following()
    if following is None:
        return f"{lesson}\nIt was the last lab: irsa-lab labs new NAME makes another."
    return f"{lesson}\nNext: irsa-lab labs start {following.number}   # {following.title}"


@labs.command()
@which
def watch(lab: Lab) -> None:
    """Show the goals, ticked as you reach them from another terminal; ends when all are."""
    from irsa_course.labs.watching import Watch
    from irsa_course.labs.watching_terminal import show
    from irsa_helpers.worlds.sandbox import SandboxWorld, sandbox_of

    sandbox_world = SandboxWorld(sandbox_of(_world()))
    raise SystemExit(0 if show(Watch(sandbox_world, lab)) else 1)


@labs.command()
@which
@click.option("--number", type=int, help="Hint 1, 2 or 3; the next one without it.")
def hint(lab: Lab, number: int | None) -> None:
    """Show the next hint: a nudge, a pointer, nearly the answer."""
    say(filled(engine.hint(lab, Progress(), number)))


@labs.command()
@which
@click.option("--apply", is_flag=True, help="Mend the world by it as well.")
def solution(lab: Lab, apply: bool) -> None:
    """Show the solution: in words, and as the Python that mends the world."""
    source = engine.solution(_world(), lab, Progress(), apply=apply)
    say(f"{filled(lab.hints[-1])}\n\n{source}")


@labs.command()
@which
def reset(lab: Lab) -> None:
    """Break the world again as it was at the lab's start."""
    with working("the lab's world is broken again"):
        engine.reset(_world(), lab, Progress())
    say(f"{lab.id} is as it was at its start.")


@labs.command()
@click.argument("name")
def new(name: str) -> None:
    """Make the files of a new lab, NAME as in `slow-clock`; their gaps say what to fill in."""
    from irsa_course.labs.template import new_lab

    made = new_lab(name)
    say(f"made {made.words}\nand  {made.functions}: fill in the gaps, then")
    say("  python -m irsa_course.labs.pages   # writes its notebook")
    say(f"  pytest tests/labs -k {made.id}")


def _world() -> World:
    from irsa_helpers.worlds import connect

    return connect()
