"""Texts that came from somewhere else (tokens, policies, names, logs), shown as the texts they are.

JupyterLab runs what HTML in Markdown tells it to, beside the kernel. Whatever is put into Markdown
goes through one of these.
"""

from __future__ import annotations

import re

_SIGNS = {"|": "\\|", "<": "&lt;", "*": "\\*", "[": "\\[", "\n": "<br>", "\r": ""}


def cell(text: str) -> str:
    """Text in a line or in a cell of a table, as it is written; code in backticks stays code."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)


def code(text: str) -> str:
    """Text as code within a line, whatever backticks are in it. Source: CommonMark, code spans."""
    line = " ".join(text.split("\n")).replace("|", "\\|")
    fence = _fence(line, 1)
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def block(text: str, language: str = "") -> str:
    """Text as a block of code. Source: CommonMark, fenced code blocks."""
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _fence(text: str, least: int) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
