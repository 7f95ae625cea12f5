"""What a check of an exercise found: a line, a table of what was expected and seen, a next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from irsa_course.exercises.judging import Case
from irsa_helpers.errors import plain
from irsa_helpers.printing.boxes import box, line, paragraph, shown

HEADLINES = {"right": "Right.", "wrong": "Not yet.", "not tried": "Not tried yet."}
BOXES = {"right": "right", "wrong": "wrong", "not tried": "open"}
STYLE = "text-align:left;padding:.2em .8em .2em 0;white-space:normal"
HEAD, CELL = f"style='{STYLE}'", f"style='{STYLE};overflow-wrap:anywhere'"


@dataclass(frozen=True)
class Outcome:
    """What a check found; `state` is `not tried`, `wrong` (for the `slip`) or `right`."""

    exercise: str
    title: str
    state: str
    slip: str
    says: str
    cases: tuple[Case, ...]

    @property
    def next_step(self) -> str:
        """What a learner may do now; nothing is left to do once it is right."""
        if self.state == "right":
            return ""
        name = f'exercise("{self.exercise}")'
        return f"{name}.hint()" + ("" if self.state == "not tried" else f", {name}.solution()")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": outcome_html(self), "text/plain": str(self)}

    def __str__(self) -> str:
        return outcome_text(self)


def outcome_html(outcome: Outcome) -> str:
    """The outcome as HTML; every text in it is shown as the text it is."""
    parts = []
    if outcome.cases:
        head = "".join(f"<th {HEAD}>{name}</th>" for name in ("result", "what", "expected", "seen"))
        rows = "".join(map(_row, outcome.cases))
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    if outcome.next_step:
        parts.append(paragraph(f"Next: `{outcome.next_step}`"))
    return box(*_headline(outcome), "".join(parts))


def outcome_text(outcome: Outcome) -> str:
    """The outcome for a terminal."""
    lines = [line(*_headline(outcome))]
    lines += [f"  {word} {what}: {seen}" for word, what, seen in case_rows(outcome.cases)]
    if outcome.next_step:
        lines.append(f"Next: {outcome.next_step}")
    return plain("\n".join(lines))


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """The outcome for a program; what is asked for is not told before it is given."""
    cases = [asdict(case) | {"expected": case.shown} for case in outcome.cases]
    return asdict(outcome) | {"cases": cases}


def case_rows(cases: Sequence[Case]) -> list[tuple[str, str, str]]:
    """Each case for a terminal: its word, what it is, what was seen and, if other, expected."""
    return [
        (
            _word(case),
            case.what,
            case.seen if case.held or not case.shown else f"{case.seen}, expected: {case.shown}",
        )
        for case in cases
    ]


def _headline(outcome: Outcome) -> tuple[str, str, str]:
    """The box's kind, its word and what it says."""
    says = outcome.says or outcome.title
    return BOXES[outcome.state], HEADLINES[outcome.state], says


def _row(case: Case) -> str:
    texts = (case.what, case.shown, case.seen)
    told = "".join(f"<td {CELL}>{shown(text)}</td>" for text in texts)
    return f"<tr><td {CELL}><b>{_word(case)}</b></td>{told}</tr>"


def _word(case: Case) -> str:
    return "✓ ok" if case.held else "✗ NO"
