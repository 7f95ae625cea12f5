"""Where a learner is: notebooks, exercises, the four steps and the labs, and what comes next."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irsa_course.certificate import certificate_html
from irsa_course.exercises import all_words
from irsa_course.folder import notebooks
from irsa_course.progress import Attempts
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.model import LEVELS, all_labs
from irsa_helpers.labs.progress import Progress
from irsa_helpers.printing.html import Html, bar, table
from irsa_helpers.verify import NOTEBOOKS, Step, steps
from irsa_helpers.views.widgets import widget

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

_TITLE = re.compile(r"^# \d+ · (.+)$", re.MULTILINE)
_MINUTES = re.compile(r"\*\*Time:\*\* (\d+) minutes")


@dataclass(frozen=True)
class Place:
    """A notebook or a level of labs: how much of it is done, and what its step in the world is.

    `minutes` are those that it is meant to take; `step` is empty where it has none.
    """

    name: str
    title: str
    minutes: int
    done: int
    of: int
    step: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing of it is left."""
        return self.done == self.of and self.step in ("", "done")

    @property
    def mark(self) -> str:
        """Whether it is finished, as a sign; none where nothing is there to be checked."""
        if not self.of and not self.step:
            return ""
        return "✓" if self.finished else "○"

    def to_dict(self) -> dict[str, Any]:
        """The place as JSON-able data."""
        return asdict(self) | {"finished": self.finished, "mark": self.mark}

    @property
    def cells(self) -> tuple[str, ...]:
        """Its mark, number, title, minutes, how much of it is done, and its step in the world."""
        number = self.name[:2] if self.name[:2].isdigit() else ""
        done = f"{self.done} of {self.of}" * bool(self.of)
        return (self.mark, number, self.title, f"{self.minutes:>4} min", done, self.step)


@dataclass(frozen=True)
class CourseMap:
    """The whole course as a learner stands in it."""

    notebooks: tuple[Place, ...]
    labs: tuple[Place, ...]

    @property
    def finished(self) -> bool:
        """Whether every exercise is right, and every step of the course holds."""
        return all(place.finished for place in self.notebooks)

    @property
    def standing(self) -> str:
        """How much is done, in one sentence."""
        right, exercises = _sums(self.notebooks)
        done, labs = _sums(self.labs)
        return f"{right} of {exercises} exercises are right, {done} of {labs} labs done."

    @property
    def next_step(self) -> str:
        """What to do next."""
        if here := next((place for place in self.notebooks if not place.finished), None):
            return f"notebooks/{here.name}.ipynb: {here.title}"
        if level := next((place for place in self.labs if not place.finished), None):
            return f"irsa-lab labs: {level.of - level.done} of {level.title} are open"
        return "nothing is left: teach it to somebody"

    def to_dict(self) -> dict[str, Any]:
        """The map as JSON-able data; each place with its `mark` and whether it is `finished`."""
        return {
            "notebooks": [place.to_dict() for place in self.notebooks],
            "labs": [place.to_dict() for place in self.labs],
            "finished": self.finished,
            "standing": self.standing,
            "next_step": self.next_step,
        }

    def __str__(self) -> str:
        lines = [_line(place) for place in (*self.notebooks, *self.labs)]
        return "\n".join([*lines, "", self.standing, f"Next: {self.next_step}"])

    def widget(self) -> Any:
        """The map as a view, the one that the console shows."""
        return widget("map", course=self.to_dict())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The view where one can run, a table where none can."""
        shown, _metadata = self.widget()._repr_mimebundle_()
        return {**shown, "text/html": map_html(self), "text/plain": str(self)}

    def certificate(self, name: str, path: Path = Path("certificate.html")) -> Path:
        """A page to print, or to save as a picture, with what was reached; returns its path.

        Raises IrsaLabError until the course is finished.
        """
        if not self.finished:
            raise IrsaLabError("the course is not finished yet", next_step=self.next_step)
        steps_held = sum(place.step == "done" for place in self.notebooks)
        seals = [
            ("exercises", *_sums(self.notebooks)),
            ("steps in the world", steps_held, steps_held),
            ("break-fix labs", *_sums(self.labs)),
        ]
        page = certificate_html(name, _reached(self.notebooks), seals, date.today())
        path.write_text(page, encoding="utf-8")
        return path


def course_map(world: World | None = None, seen: Sequence[Step] | None = None) -> CourseMap:
    """Where the learner is; the steps are those of the world, by default that of `connect()`.

    `seen` are the steps where somebody has looked at them already.
    """
    from irsa_helpers.worlds import connect

    held = {NOTEBOOKS[step.name]: step.state for step in seen or steps(world or connect())}
    tried = Attempts().all()
    right = [words for words in all_words() if words.id in tried and tried[words.id].right_at]
    notebooks = tuple(
        Place(
            name,
            title,
            minutes,
            sum(words.notebook == name for words in right),
            sum(words.notebook == name for words in all_words()),
            held.get(name, ""),
        )
        for name, title, minutes in course_notebooks()
    )
    return CourseMap(notebooks, tuple(_levels()))


def course_notebooks() -> list[tuple[str, str, int]]:
    """Name, title and minutes of each notebook, as its first cell says them."""
    told = []
    for path in notebooks():
        first = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
        title, minutes = _TITLE.search(first), _MINUTES.search(first)
        assert title, f"{path} has no title"
        assert minutes, f"{path} does not say its time"
        told.append((path.stem, title[1], int(minutes[1])))
    return told


def _levels() -> list[Place]:
    """The labs, a place for each level."""
    board = Progress().board()
    places = []
    for level in LEVELS:
        labs = [lab for lab in all_labs() if lab.level == level]
        done = sum(lab.id in board and board[lab.id].state == "done" for lab in labs)
        minutes = sum(lab.minutes for lab in labs)
        places.append(Place(level, f"labs: {level}", minutes, done, len(labs)))
    return places


def _sums(places: Sequence[Place]) -> tuple[int, int]:
    """What is done of them all, and what there is."""
    return sum(place.done for place in places), sum(place.of for place in places)


def _line(place: Place) -> str:
    mark, number, title, minutes, done, step = place.cells
    return f"{mark:<1} {number:<2} {title:<46} {minutes}  {done:<8} {step}".rstrip()


def map_html(course: CourseMap) -> str:
    """The map as a table with bars; every bar is told in numbers, too."""
    head = ("where", "minutes", "done", "in your world")
    rows = [_row(place) for place in (*course.notebooks, *course.labs)]
    said = f"{escape(course.standing)} <b>Next:</b> {escape(course.next_step)}"
    return f"{table(head, rows)}<p>{said}</p>"


def _row(place: Place) -> tuple[str, ...]:
    mark, number, title, _, done, step = place.cells
    linked = f"<a href='{escape(place.name)}.ipynb'>{escape(title)}</a>"
    where = Html(f"{mark} {number} {linked if number else escape(title)}".strip())
    progress = Html(f"{bar(place.done / place.of, 10)} {done}") if place.of else ""
    return (where, str(place.minutes), progress, step)


def _reached(places: Sequence[Place]) -> list[tuple[str, str]]:
    """Each notebook's title, and how many of its exercises are right."""
    return [(place.title, place.cells[4]) for place in places]
