"""`irsa-lab open`, `map` and `exercises`: the course, where you are, what there is to write."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from irsa_course.exercises import Exercise, made
from irsa_course.exercises.outcome import BOXES, HEADLINES, case_rows, outcome_data
from irsa_course.exercises.words import Words, all_words, find_words
from irsa_course.progress import Attempt, Attempts
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.printing.terminal import heading, rows, say, verdict, working

if TYPE_CHECKING:
    from irsa_course.exercises.outcome import Outcome

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")

TYPED = "-"  # The file's name that means: what is typed, or comes through a pipe.


def _alike(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The exercises whose id begins so, for a shell to complete."""
    return [words.id for words in all_words() if words.id.startswith(begun)]


@click.command()
@click.argument("exercise", metavar="[ID]", required=False, shell_complete=_alike)
@click.option(
    "--check",
    "answer",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Judge the world or, for what is written, a FILE of JSON or YAML; - is typed.",
)
@click.option("--hint", is_flag=True, help="Show the next hint of three.")
@click.option("--solution", is_flag=True, help="Show one way to do it.")
@as_json
def exercises(
    exercise: str | None, answer: str | None, hint: bool, solution: bool, as_json: bool
) -> None:  # fmt: skip
    """List the notebooks' exercises with your progress, or work on the one called ID.

    \b
    irsa-lab exercises 04-annotate            # what to do
    irsa-lab exercises 04-annotate --check    # exit 1 until it is right
    irsa-lab exercises 03-write --check mine.json
    """
    if exercise is None:
        if answer is not None or hint or solution:
            raise click.UsageError("name the exercise: irsa-lab exercises 04-annotate --check")
        _list(as_json)
        return
    words = find_words(exercise)
    if answer is not None:
        _check(words, answer, as_json)
    elif hint:
        _tell("hint", str(_exercise(words).hint()), as_json)
    elif solution:
        _tell("solution", _solved(words), as_json)
    else:
        _show(words, as_json)


def _list(as_json: bool) -> None:
    attempts = Attempts().all()
    listed = [_row(words, attempts.get(words.id, Attempt(words.id))) for words in all_words()]
    if as_json:
        say(json.dumps(listed, indent=2))
        return
    for notebook, of_it in groupby(listed, lambda row: row["notebook"]):
        heading(notebook)
        rows([_cells(row) for row in of_it], indent=2)
    right = sum(row["state"] == "right" for row in listed)
    kind = "right" if right == len(listed) else "open"
    verdict(kind, f"{right} of {len(listed)} right.", "They stand in the notebooks: make lab")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    told = row["help_used"] if row["state"] == "right" else row["slip"]
    return (f"{row['id']:<19}", f"{row['title']:<34}", row["state"], told)


def _show(words: Words, as_json: bool) -> None:
    row = _row(words, Attempts().of(words.id))
    if as_json:
        say(json.dumps(row | {"task": words.task, "starter": words.starter}, indent=2))
        return
    heading(f"{words.title} ({words.id}, in notebooks/{words.notebook}.ipynb)")
    say(f"\n{words.task.strip()}\n\n{words.starter.strip()}")
    call = f"irsa-lab exercises {words.id} --check" + ("" if words.in_world else " FILE")
    state = row["state"]
    verdict(BOXES[state], HEADLINES[state], next_step=f"{call}   (or --hint, --solution)")


def _check(words: Words, answer: str, as_json: bool) -> None:
    with working("looking at what it does"):
        tried = _exercise(words)
        outcome = tried.check(None if words.in_world else _read(tried, answer))
    if as_json:
        say(json.dumps(outcome_data(outcome), indent=2))
    else:
        _print(outcome)
    raise SystemExit(0 if outcome.state == "right" else 1)


def _print(outcome: Outcome) -> None:
    rows(case_rows(outcome.cases))
    on = "" if outcome.state == "right" else f"irsa-lab exercises {outcome.exercise} --hint"
    state, says = outcome.state, outcome.says or outcome.title
    verdict(BOXES[state], HEADLINES[state], says, on)


def _read(tried: Exercise, name: str) -> Any:
    """The answer of a file: a text where a text is asked for, else what its JSON or YAML holds.

    Raises IrsaLabError where there is no such file, or nothing to be read in it.
    """
    import yaml

    words = tried.words
    call = f"irsa-lab exercises {words.id} --check mine.json"
    if not name:
        raise IrsaLabError("this answer is written: name its file", next_step=call)
    try:
        text = sys.stdin.read() if name == TYPED else Path(name).read_text(encoding="utf-8")
        if isinstance(made(words.solution, words.names(tried.world)), str):
            return text.strip()
        return yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        wanted = "a file with what `mine` is in the notebook, as JSON or YAML"
        raise IrsaLabError(f"{name}: {error}", next_step=f"{wanted}: {call}") from error


def _tell(what: str, text: str, as_json: bool) -> None:
    say(json.dumps({what: text}, indent=2) if as_json else text)


def _solved(words: Words) -> str:
    """The solution, which is now counted as seen; without the fences of a notebook's cell."""
    tried = _exercise(words)
    tried.solution()
    return words.solved(tried.world).strip()


def _exercise(words: Words) -> Exercise:
    from irsa_helpers.worlds import connect

    return Exercise(words, connect())


def _row(words: Words, attempt: Attempt) -> dict[str, Any]:
    return {
        "id": words.id,
        "title": words.title,
        "notebook": words.notebook,
        "state": attempt.state,
        "slip": attempt.slip,
        "checks": attempt.checks,
        "hints_used": attempt.hints_used,
        "solution_seen": attempt.solution_seen,
        "help_used": attempt.help_used,
    }


@click.command("map")
@click.option("--certificate", metavar="NAME", help="Write your certificate, once you are through.")
@as_json
def map_(certificate: str | None, as_json: bool) -> None:
    """Show where you are in the course, and what is next."""
    from irsa_course.map import course_map

    with working("looking where you are"):
        course = course_map()
    if certificate is not None:
        say(f"Open {course.certificate(certificate).resolve()}")
        return
    if as_json:
        say(json.dumps(course.to_dict(), indent=2))
        return
    rows([place.cells for place in (*course.notebooks, *course.labs)])
    verdict("right" if course.finished else "open", course.standing, next_step=course.next_step)


@click.command("open")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8888,
    show_default=True,
    help="The next free one from here on.",
)
@click.option("--browser/--no-browser", default=True, help="Open a browser window.")
def open_(port: int, browser: bool) -> None:
    """Start the sandbox and JupyterLab on the first notebook; Ctrl-C stops both."""
    from irsa_course import jupyter

    raise SystemExit(jupyter.open_course(port=port, browser=browser))
