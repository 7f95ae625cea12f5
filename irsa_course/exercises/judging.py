"""What a judge says of an answer: what was expected and seen, and the slip behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_course.exercises.policy_form import slips_of_form

if TYPE_CHECKING:
    from irsa_helpers.worlds import World


@dataclass(frozen=True)
class Case:
    """One thing that an answer should lead to, and what it leads to.

    `asked`: what is expected is the answer itself, and not shown before it is given.
    """

    what: str
    expected: str
    seen: str
    asked: bool = False

    @property
    def held(self) -> bool:
        """Whether it came as expected."""
        return self.expected == self.seen

    @property
    def shown(self) -> str:
        """What a learner may read of what is expected."""
        return "" if self.asked and not self.held else self.expected


@dataclass(frozen=True)
class Judgement:
    """An answer is right where it has no slip; `says` is used where no file has a sentence."""

    slip: str = ""
    cases: tuple[Case, ...] = ()
    says: str = ""


Judge = Callable[["World", Any], Judgement]


class NotTriedError(Exception):
    """The answer is still the starter, or has a gap; the text says where."""


class SlipError(Exception):
    """The answer cannot be looked at for this slip."""

    def __init__(self, slip: str, says: str = "") -> None:
        super().__init__(slip)
        self.judgement = Judgement(slip, says=says)


def judged(cases: Sequence[Case], slips: Iterator[str], says: str = "") -> Judgement:
    """Right where every case held; else the first slip that was found, or `other`."""
    if all(case.held for case in cases):
        return Judgement(cases=tuple(cases))
    return Judgement(next(slips, "other"), tuple(cases), says)


def gap(answer: Any, place: str = "") -> str | None:
    """Where the answer still has a `...` or None: `["Statement"][0]`; None where it has none."""
    if (
        answer is ...
        or answer is None
        or (isinstance(answer, str) and answer.strip() in ("", "..."))
    ):
        return f"`mine{place}`"
    members: Mapping[Any, Any] = {}
    if isinstance(answer, Mapping):
        members = answer
    elif isinstance(answer, list | tuple | set):
        members = dict(enumerate(answer))
    gaps = (gap(member, f"{place}[{key!r}]") for key, member in members.items())
    return next((place for place in gaps if place), None)


def plain_data(answer: Any) -> Any:
    """The answer as JSON has it. Raises SlipError for what JSON cannot hold, such as a set."""
    try:
        return json.loads(answer if isinstance(answer, str) else json.dumps(answer))
    except (TypeError, ValueError, RecursionError) as error:
        raise SlipError("no-json", f"this is no JSON: {error}") from error


def policy_data(answer: Any) -> dict[str, Any]:
    """The answer, which should be a policy. Raises SlipError for what has not its outer form."""
    document = plain_data(answer)
    if not isinstance(document, dict):
        raise SlipError("no-policy")
    if "Statement" not in document and "Effect" in document:
        raise SlipError("statement-alone")
    for slip in slips_of_form(document):
        raise SlipError(slip)
    return document


def the_text(answer: Any) -> str:
    """The answer, which should be a text. Raises SlipError where it is something else."""
    if not isinstance(answer, str):
        raise SlipError("no-text", f"this wants a text in quotes; it is a {type(answer).__name__}")
    return answer


def foreseen(answer: Any, truth: Mapping[str, object]) -> Judgement:
    """Judge a dict that says of each name in `truth` what comes of it.

    Each name that is wrong is a slip of its own, with hyphens for slashes and blanks.
    """
    said = answer if isinstance(answer, dict) else {}
    known = sorted({repr(what) for what in truth.values()})
    for name in truth:
        if name in said and repr(said[name]) not in known:
            text = f"`{said[name]}` is none of the answers, which are {', '.join(known)}."
            raise SlipError("no-such-answer", text)
    cases = [Case(name, str(what), str(said.get(name)), asked=True) for name, what in truth.items()]
    wrong = (re.sub("[^a-z0-9]+", "-", case.what.lower()) for case in cases if not case.held)
    return judged(cases, wrong)
