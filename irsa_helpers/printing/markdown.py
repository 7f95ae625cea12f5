"""Texts that came from somewhere else (tokens, policies, names, logs), shown as the texts they are.

JupyterLab runs what HTML in Markdown tells it to, beside the kernel. Whatever is put into Markdown
goes through one of these.
"""

from __future__ import annotations

import re

# As numbers where Markdown's own backslash would leave it to JupyterLab's formulas.
_SIGNS = {"|": "\\|", "<": "&lt;", "*": "\\*", "[": "\\[", "\n": "<br>", "\r": ""}
_SIGNS |= {"$": "&#36;", "\\": "&#92;"}


class Markdown(str):
    """A text that is Markdown already: what it holds of others' has gone through this module."""


def cell(text: str) -> Markdown:
    """Text in a line or in a cell of a table, as it is written; code in backticks stays code."""
    if isinstance(text, Markdown):
        return text
    return Markdown("".join(_SIGNS.get(sign, sign) for sign in text))


def code(text: str) -> Markdown:
    """Text as code within a line, whatever backticks are in it. Source: CommonMark, code spans."""
    line = " ".join(text.split("\n")).replace("|", "\\|")
    fence = _fence(line, 1)
    space = " " if "`" in line else ""
    return Markdown(f"{fence}{space}{line}{space}{fence}")


def block(text: str, language: str = "") -> Markdown:
    """Text as a block of code. Source: CommonMark, fenced code blocks."""
    fence = _fence(text, 3)
    return Markdown(f"{fence}{language}\n{text.rstrip()}\n{fence}")


def _fence(text: str, least: int) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
