"""The labs' notebooks, made from their words: `python -m irsa_course.labs.pages` writes them."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from irsa_helpers.labs.model import OWN_ACCOUNT, Lab, all_labs

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKDOWN, CODE = "markdown", "code"
ONE_LINE = 60  # what half a window shows
BECOME = "aws sts assume-role"  # Another account's administrator is there as `data_account`.
HEAD = """\
# Lab {number} · {title}

{story}

- **Level:** {level}
- **Time:** about {minutes} minutes
- **Done when:** every goal is reached."""
START = """\
from irsa_helpers import connect
from irsa_course import board, lab

world = connect()
this = lab("{number}", world)
# the lab's names: scene.role, scene.bucket, …
scene = this.scene
this.start()"""
GOALS = "this.goals()  # they tick themselves while you work"
HANDSHAKE = "this.handshake()  # each hop as it happens"
ASK = """\
## The symptom

What one types in a terminal to see it, and what is answered."""
ADMINISTRATOR = "data_account = scene.world  # IAM and S3 of {account}, as its administrator"
TURN = """\
## Your turn

Look, decide which link is broken, mend it. Any way that reaches the goals counts: `aws` and \
`kubectl` in a terminal, boto3, the helpers."""
STUCK = """\
Stuck? Three hints, each nearer to the answer. `this.solution()` shows the answer, \
`this.reset()` begins anew."""
HINT = "# this.hint()   # remove the first # to get a hint; hints are counted"
LESSON = "This lab belongs to [lesson {lesson_number}](../notebooks/{lesson}.ipynb)."
NEXT = "Next: [lab {number}]({id}.ipynb)."
LAST = "It is the last one: write a lab of your own with `irsa-lab labs new NAME`."
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def notebook_text(lab: Lab, following: Lab | None) -> str:
    """The lab's notebook as its file holds it, without outputs; `following` is the next lab."""
    cells = [
        _cell(f"lab{lab.number}-{place:02d}", kind, source)
        for place, (kind, source) in enumerate(_sources(lab, following), 1)
    ]
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _sources(lab: Lab, following: Lab | None) -> Iterator[tuple[str, str]]:
    yield MARKDOWN, HEAD.format(**vars(lab), number=lab.number)
    yield CODE, START.format(number=lab.number)
    yield CODE, GOALS
    yield CODE, HANDSHAKE
    yield MARKDOWN, ASK
    for command in lab.commands:
        if not command.startswith(BECOME):
            yield CODE, _typed(command)
    if lab.account != OWN_ACCOUNT:
        yield CODE, ADMINISTRATOR.format(account=lab.account)
    yield MARKDOWN, TURN
    yield CODE, "# your work\n"
    yield CODE, "this.check()"
    yield MARKDOWN, STUCK
    yield CODE, HINT
    yield CODE, "board()"
    lesson = LESSON.format(lesson=lab.lesson, lesson_number=lab.lesson[:2])
    next_lab = NEXT.format(number=following.number, id=following.id) if following else LAST
    yield MARKDOWN, f"{lesson} {next_lab}"


def _typed(command: str) -> str:
    """The command as Python; a long one goes on in further lines, as a shell takes it."""
    if len(command) <= ONE_LINE:
        return f'this.run("{command}")'
    inside, _, asked = command.partition(" -- ")
    lines = wrap(asked, ONE_LINE - 2, break_long_words=False, break_on_hyphens=False)
    told = " \\\n  ".join([f"{inside} --", *lines])
    return f'this.run(r"""{told}""")'


def _cell(name: str, kind: str, source: str) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": name, "metadata": {}}
    cell |= {"source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == CODE else {})


def notebooks() -> dict[Lab, str]:
    """Each lab with the text of its notebook. Raises IrsaLabError for a lab with gaps."""
    labs = all_labs()
    for lab in labs:
        lab.refuse_gaps()
    following = [*labs[1:], None]
    return {lab: notebook_text(lab, then) for lab, then in zip(labs, following, strict=True)}


@click.command()
def main() -> None:
    """Write every lab's notebook."""
    made = notebooks()
    for lab, text in made.items():
        lab.notebook.write_text(text, encoding="utf-8")
    click.echo(f"{len(made)} notebooks")


if __name__ == "__main__":
    main()
