"""Numbers in texts that somebody sent."""

from __future__ import annotations

MOST_DIGITS = 20  # as many as 64 bits take


def whole_number(text: str) -> int | None:
    """The number that ASCII digits write; None for any other text, or one too long to be meant."""
    plain = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if plain else None
