"""Texts that came from somewhere else, printed: none of them steers the terminal."""

from __future__ import annotations

import re

# Control characters but for the line's end and the tab, and those that turn the writing's
# direction: a name may hold them, and what follows would be read as something else.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text with each steering character shown as its number: `\\x1b`, `\\u202e`."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str = "", *, err: bool = False) -> None:
    """Print a text for a person to read."""
    import click

    click.echo(plain(text), err=err)
