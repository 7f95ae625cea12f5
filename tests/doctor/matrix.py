"""The doctor's matrix: odd chains that work, and broken ones with the link that is to be named.

`python -m tests.doctor.matrix` writes the table of docs/doctor.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.doctor.chains import Chain

Change = Callable[[Chain], Any]


@dataclass(frozen=True)
class Row:
    """A chain: its name, what makes it so, and the link that is broken (empty: none).

    `typed`: whether the fix is commands that mend it; otherwise it is said what to do, and a person
    must decide. `touches`: what else than the app's own its fix may change. `unseen`: what may stay
    unseen of a healthy chain.
    """

    name: str
    change: Change
    link: str = ""
    typed: bool = True
    touches: tuple[str, ...] = ()
    unseen: str = ""


def rows() -> tuple[list[Row], list[Row]]:
    """The healthy chains and the broken ones."""
    from tests.doctor import broken_chains, healthy_chains

    return healthy_chains.rows(), broken_chains.rows()


def table() -> str:
    """The rows as Markdown."""
    healthy, broken = rows()
    lines = [
        f"## {len(healthy)} chains that work, and are left in peace",
        "",
        *(f"* {row.name}" + (f" (unseen: {row.unseen})" * bool(row.unseen)) for row in healthy),
        "",
        f"## {len(broken)} chains that do not, and the link that is named",
        "",
        "| what is wrong | link | fix |",
        "| --- | --- | --- |",
        *(
            f"| {row.name.replace('|', '/')} | `{row.link}` | "
            f"{'commands' if row.typed else 'told in words'} |"
            for row in broken
        ),
    ]
    return "\n".join(lines)
