"""Texts that came from somewhere else, printed: none of them steers the terminal."""

from __future__ import annotations

from irsa_helpers.errors import plain


def say(text: str = "", *, err: bool = False) -> None:
    """Print a text for a person to read."""
    import click

    click.echo(plain(text), err=err)
