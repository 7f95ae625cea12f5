"""Verdicts as boxes. A mark, a word and a colour say the same: no one of them is needed alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from irsa_helpers.errors import plain

# The mark, JupyterLab's colour for it in its light and its dark theme, and a colour that a page
# without JupyterLab takes: each has a contrast of 3 to 1 and more on white and on black.
KINDS = {
    "right": ("✓", "var(--jp-success-color1, #2e8540)"),
    "wrong": ("✗", "var(--jp-error-color1, #d73a49)"),
    "open": ("○", "var(--jp-info-color1, #2f81d8)"),
}
DONE = "Done."


def box(kind: str, word: str, says: str = "", body: str = "") -> str:
    """A box of one of KINDS as HTML: its word, what it says, and its `body`, which is HTML.

    A screen reader says it when it comes.
    """
    mark, colour = KINDS[kind]
    tint = f"color-mix(in srgb, {colour} 8%, transparent)"
    style = (
        f"border:1px solid {colour};border-left-width:6px;border-radius:6px;"
        f"padding:.5em .9em;margin:.4em 0;background:{tint};"
        "color:var(--jp-content-font-color1, inherit)"
    )
    sign = f"<span aria-hidden='true' style='color:{colour}'>{mark}</span>"
    head = f"<p style='margin:0'><b>{sign} {shown(word)}</b> {shown(says)}</p>"
    return f'<div role="status" style="{style}">{head}{body}</div>'


def paragraph(text: str) -> str:
    """A text as a paragraph of a box's body."""
    return f"<p style='margin:.3em 0 0'>{shown(text)}</p>"


def shown(text: str) -> str:
    """The text escaped; what stands in backticks as code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(plain(text)))


def line(kind: str, word: str, says: str = "") -> str:
    """The box's first line for a terminal."""
    return plain(f"{KINDS[kind][0]} {word} {says}").rstrip()


class Passed:
    """What a closing check found to hold, as a box with a line for each."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = tuple(sentences)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        listed = "".join(f"<li>{shown(sentence)}</li>" for sentence in self.sentences)
        body = f"<ul style='margin:.3em 0 0'>{listed}</ul>"
        return {"text/html": box("right", DONE, "It holds:", body), "text/plain": str(self)}

    def __str__(self) -> str:
        return "\n".join([line("right", DONE), *(plain(f"  {text}") for text in self.sentences)])
