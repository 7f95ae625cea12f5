"""`irsa-lab exercises`: what there is to write in the notebooks, and how far you are."""

from __future__ import annotations

import json
from typing import Any

import click

from irsa_helpers.course.exercises.words import Words, all_words
from irsa_helpers.course.progress import Attempt, Attempts
from irsa_helpers.terminal import say


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def exercises(as_json: bool) -> None:
    """List the notebooks' exercises with your progress: not tried, wrong or right."""
    attempts = Attempts().all()
    rows = [_row(words, attempts.get(words.id, Attempt(words.id))) for words in all_words()]
    if as_json:
        say(json.dumps(rows, indent=2))
        return
    for place, row in enumerate(rows):
        if place == 0 or row["notebook"] != rows[place - 1]["notebook"]:
            say(f"\n{row['notebook']}")
        say(_line(row))
    right = sum(row["state"] == "right" for row in rows)
    say(f"\n{right} of {len(rows)} right. They stand in the notebooks: make lab")


def _line(row: dict[str, Any]) -> str:
    state = "" if row["state"] == "not tried" else row["state"]
    told = row["help_used"] if row["state"] == "right" else row["slip"]
    return f"  {row['id']:<20} {row['title']:<36} {state:<6} {told}".rstrip()


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
