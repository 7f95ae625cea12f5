"""What Go's encoding/json says of a text that is no JSON.

Source: Go, encoding/json/scanner.go: its states and their sentences.
"""

from __future__ import annotations

import re
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LITERALS = {"t": "true", "f": "false", "n": "null"}
END = "unexpected end of JSON input"
DEEP = "exceeded max depth"
_NAMES = {dict: "object", list: "array", str: "string", bool: "bool"}


def type_name(value: Any) -> str:
    """How Go names the type of a JSON value: `object`, `array`, `string`, `bool`, `number`."""
    return _NAMES.get(type(value), _NAMES[dict] if isinstance(value, dict) else "number")


def syntax_fault(text: str) -> str:
    """The first thing that is wrong with a JSON text; empty where nothing is."""
    try:
        at = _space(text, _value(text, _space(text, 0)))
        if at < len(text):
            _expected(text, at, "after top-level value")
    except ValueError as error:
        return str(error)
    except RecursionError:
        return DEEP
    return ""


def _space(text: str, at: int) -> int:
    blank = _SPACE.match(text, at)
    return blank.end() if blank else at


def _quoted(character: str) -> str:
    if character in "'\"":
        return {"'": "'\\''", '"': "'\"'"}[character]
    return f"'{character}'" if character.isprintable() else repr(character)


def _expected(text: str, at: int, context: str) -> None:
    """Raises ValueError: the character there does not fit, or there is none."""
    if at >= len(text):
        raise ValueError(END)
    raise ValueError(f"invalid character {_quoted(text[at])} {context}")


def _value(text: str, at: int) -> int:
    """Where the value that begins there ends."""
    first = text[at : at + 1]
    if first == "{":
        return _object(text, at + 1)
    if first == "[":
        return _array(text, at + 1)
    if first == '"':
        return _string(text, at)
    if first in _LITERALS and first:
        return _literal(text, at, _LITERALS[first])
    number = _NUMBER.match(text, at)
    if number:
        return number.end()
    if first == "-":
        _expected(text, at + 1, "in numeric literal")
    _expected(text, at, "looking for beginning of value")
    return at


def _literal(text: str, at: int, word: str) -> int:
    for offset, character in enumerate(word):
        if text[at + offset : at + offset + 1] != character:
            _expected(text, at + offset, f"in literal {word} (expecting '{character}')")
    return at + len(word)


def _string(text: str, at: int) -> int:
    content = _STRING.match(text, at)
    end = content.end() if content else at + 1
    following = text[end : end + 1]
    if following == "\\":
        _expected(text, end + 1, "in string escape code")
    if following != '"':
        _expected(text, end, "in string literal")
    return end + 1


def _object(text: str, at: int) -> int:
    at = _space(text, at)
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        if text[at : at + 1] != '"':
            _expected(text, at, "looking for beginning of object key string")
        at = _space(text, _string(text, at))
        if text[at : at + 1] != ":":
            _expected(text, at, "after object key")
        at = _space(text, _value(text, _space(text, at + 1)))
        if text[at : at + 1] == "}":
            return at + 1
        if text[at : at + 1] != ",":
            _expected(text, at, "after object key:value pair")
        at = _space(text, at + 1)


def _array(text: str, at: int) -> int:
    at = _space(text, at)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        at = _space(text, _value(text, at))
        if text[at : at + 1] == "]":
            return at + 1
        if text[at : at + 1] != ",":
            _expected(text, at, "after array element")
        at = _space(text, at + 1)
