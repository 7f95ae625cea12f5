"""A request's parameters against botocore's model, with the sentence AWS has for each violation.

Example: `1 validation error detected: Value 'a/b' at 'roleSessionName' failed to satisfy
constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from irsa_helpers.sandbox.aws import models

MAX_SHOWN = 1_000


def violations(service: str, operation: str, parameters: dict[str, Any]) -> str | None:
    """The message of all violations, None where there are none."""
    shape = models.service_model(service).operation_model(operation).input_shape
    if shape is None:
        return None
    found = list(_structure(shape, parameters, ""))
    if not found:
        return None
    noun = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {noun} detected: {'; '.join(found)}"


def _structure(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield _sentence("null", _join(path, name), "Member must not be null", quoted=False)
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _value(member, value[name], _join(path, name))


def _value(shape: Any, value: Any, path: str) -> Iterator[str]:
    yield from _own(shape, value, path)
    if shape.type_name == "structure":
        yield from _structure(shape, value, path)
    elif shape.type_name == "list" and isinstance(value, list):
        for index, each in enumerate(value, 1):
            yield from _value(shape.member, each, f"{path}.{index}.member")


def _own(shape: Any, value: Any, path: str) -> Iterator[str]:
    """The violations of a value's own length, range, pattern and enumeration."""
    limits = shape.metadata
    low, high = limits.get("min"), limits.get("max")
    if shape.type_name in ("string", "list", "map", "blob") and hasattr(value, "__len__"):
        if low is not None and len(value) < low:
            text = f"Member must have length greater than or equal to {low}"
            yield _sentence(value, path, text)
        if high is not None and len(value) > high:
            yield _sentence(value, path, f"Member must have length less than or equal to {high}")
    if isinstance(value, str):
        yield from _text(limits, value, path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if low is not None and value < low:
            yield _sentence(value, path, f"Member must have value greater than or equal to {low}")
        if high is not None and value > high:
            yield _sentence(value, path, f"Member must have value less than or equal to {high}")


def _text(limits: dict[str, Any], value: str, path: str) -> Iterator[str]:
    pattern = limits.get("pattern")
    if pattern and not expression(pattern).fullmatch(value):
        yield _sentence(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    allowed = limits.get("enum")
    if allowed and value not in allowed:
        text = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        yield _sentence(value, path, text)


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern of the model, which is Java's, as Python's."""
    flags = re.ASCII
    pattern = pattern.replace(r"\p{Print}", "[ -~]")
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        if java in pattern:
            pattern, flags = pattern.replace(java, python), re.NOFLAG
    return re.compile(pattern, flags)


def _sentence(value: Any, path: str, constraint: str, *, quoted: bool = True) -> str:
    shown = str(value)[:MAX_SHOWN]
    text = f"'{shown}'" if quoted else shown
    return f"Value {text} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    first = name[0].lower() + name[1:]
    return f"{path}.{first}" if path else first
