"""The table of refusals in the course is what the running endpoint answers."""

from __future__ import annotations

import re
from pathlib import Path

from irsa_sandbox.aws.refusals import markdown, rows

PAGE = Path(__file__).parents[2] / "notebooks" / "refusals.md"


def settled(text: str) -> list[str]:
    """The lines of a table, with moments in time, and zlib's way with a policy, made equal."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [re.sub(r"\b1\d{9}\b", "MOMENT", re.sub(r"\d+%", "%", line)) for line in lines]


def test_the_page_is_what_the_endpoint_answers() -> None:
    assert settled(PAGE.read_text(encoding="utf-8")) == settled(markdown(rows()))
