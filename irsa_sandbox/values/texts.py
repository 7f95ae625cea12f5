"""Texts that can be encoded."""

from __future__ import annotations


def is_encodable(text: str) -> bool:
    """Whether a text holds no half of a surrogate pair."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def encodable(text: str) -> str:
    """The text with U+FFFD in place of each half of a surrogate pair, as Go reads it."""
    if is_encodable(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
