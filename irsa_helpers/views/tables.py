"""Tokens and decisions as tables that fit a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from irsa_helpers.policy import Decision, nearest_fix
from irsa_helpers.tokens import Token, explain_token


class MarkdownTable:
    """Rows under a head, shown as Markdown, printed as text."""

    def __init__(
        self, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], note: str = ""
    ) -> None:
        self.head = head
        self.rows = rows
        self.note = note

    def _repr_markdown_(self) -> str:
        lines = [" | ".join(self.head), " | ".join("---" for _ in self.head)]
        lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in self.rows]
        table = "\n".join(f"| {line} |" for line in lines)
        return f"{table}\n\n{self.note}" if self.note else table

    def __repr__(self) -> str:
        return "\n".join("  ".join(row) for row in [self.head, *self.rows]) + f"\n{self.note}"


def token_table(token: Token | str, **options: Any) -> MarkdownTable:
    """A token claim by claim: its value, and what it means."""
    rows = [(f"`{r.claim}`", f"`{r.value}`", r.meaning) for r in explain_token(token, **options)]
    return MarkdownTable(("claim", "value", "meaning"), rows)


def decision_table(decision: Decision) -> MarkdownTable:
    """A decision condition by condition: what the policy wanted and what the request had."""
    rows = []
    for statement in decision.reasons:
        for condition in statement.conditions:
            actual = " or ".join(condition.actual or ("(no such key)",))
            rows.append(
                (
                    "matched" if condition.matched else "**did not match**",
                    f"`:{condition.key.rpartition(':')[2]}`",
                    condition.operator,
                    f"`{' or '.join(condition.wanted)}`",
                    f"`{actual}`",
                )
            )
    note = f"**{decision.effect}.** {nearest_fix(decision)}"
    return MarkdownTable(("condition", "key", "operator", "policy", "token"), rows, note)
