"""Decisions as tables that fit a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from irsa_helpers.policy import Decision, nearest_fix
from irsa_helpers.printing.markdown import Markdown, block, cell, code


class MarkdownTable:
    """Rows under a head, printed as text, and shown as it unless it is `Markdown` already."""

    def __init__(
        self, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], note: str = ""
    ) -> None:
        self.head = head
        self.rows = rows
        self.note = note

    def _repr_markdown_(self) -> str:
        lines = [" | ".join(self.head), " | ".join(":--" for _ in self.head)]
        lines += [" | ".join(map(cell, row)) for row in self.rows]
        table = "\n".join(f"| {line} |" for line in lines)
        return f"{table}\n\n{cell(self.note)}" if self.note else table

    def __repr__(self) -> str:
        return "\n".join("  ".join(row) for row in [self.head, *self.rows]) + f"\n{self.note}"


class Listing:
    """A long text under its title, folded until it is asked for; whole where it is printed."""

    def __init__(self, title: str, text: str, language: str = "") -> None:
        self.title = title
        self.text = text
        self.language = language

    def _repr_markdown_(self) -> str:
        whole = block(self.text, self.language)
        return f"<details><summary>{escape(self.title)}</summary>\n\n{whole}\n\n</details>"

    def __repr__(self) -> str:
        return f"{self.title}\n{self.text}"


def decision_table(decision: Decision) -> MarkdownTable:
    """A decision condition by condition: what the policy wanted and what the request had.

    Where the conditions are about several issuers, each is named by the end of its address.
    """
    keys = {test.key for statement in decision.reasons for test in statement.conditions}
    several = len({key.rpartition(":")[0] for key in keys}) > 1
    rows = []
    for statement in decision.reasons:
        for condition in statement.conditions:
            issuer, _, claim = condition.key.rpartition(":")
            name = f"…{issuer[-4:]}:{claim}" if several else f":{claim}"
            actual = " or ".join(condition.actual or ("(no such key)",))
            rows.append(
                (
                    Markdown(f"{code(name)} {cell(condition.operator)}"),
                    Markdown("policy<br>token"),
                    # One above the other, the two are compared at a glance.
                    Markdown(f"{code(' or '.join(condition.wanted))}<br>{code(actual)}"),
                    Markdown("matched" if condition.matched else "**did not match**"),
                )
            )
    note = Markdown(f"**{decision.effect}.** {cell(nearest_fix(decision))}")
    return MarkdownTable(("condition", "said by", "value", "result"), rows, note)
