"""A request's parameters against botocore's model, with the sentence AWS has for each violation.

Example: `1 validation error detected: Value 'a/b' at 'roleSessionName' failed to satisfy
constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from irsa_sandbox.aws.wire import models

MAX_SHOWN = 1_000


def violations(service: str, operation: str, parameters: dict[str, Any]) -> str | None:
    """The message of all violations, None where there are none."""
    shape = models.service_model(service).operation_model(operation).input_shape
    if shape is None:
        return None
    sentences = list(_structure(shape, parameters, ""))
    if not sentences:
        return None
    noun = "error" if len(sentences) == 1 else "errors"
    return f"{len(sentences)} validation {noun} detected: {'; '.join(sentences)}"


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
    for constraint in _broken(shape, value):
        yield _sentence(value, path, constraint)
    if shape.type_name == "structure":
        yield from _structure(shape, value, path)
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _members(shape.member, value, path)


def _members(shape: Any, values: list[Any], path: str) -> Iterator[str]:
    """The violations of a list's members: of plain ones together, of structures one by one."""
    if shape.type_name in ("structure", "list"):
        for index, value in enumerate(values, 1):
            yield from _value(shape, value, f"{path}.{index}.member")
    elif any(_broken(shape, value) for value in values):
        text = ", ".join(_constraints(shape))
        shown = f"[{', '.join(map(str, values))}]"
        yield _sentence(shown, path, f"Member must satisfy constraint: [{text}]")


def _broken(shape: Any, value: Any) -> list[str]:
    """The constraints of a value's own length, range, pattern or enumeration that it breaks."""
    return [text for text, holds in _constraints(shape).items() if not holds(value)]


@cache
def _constraints(shape: Any) -> dict[str, Callable[[Any], bool]]:
    """What the model demands of a value: the words, and the test."""
    limits = shape.metadata
    low, high, pattern = limits.get("min"), limits.get("max"), limits.get("pattern")
    tests: dict[str, Callable[[Any], bool]] = {}
    has_length = shape.type_name in ("string", "list", "map", "blob")
    measure: Callable[[Any], float] = _length if has_length else _number
    noun = "length" if has_length else "value"
    if high is not None:
        text = f"Member must have {noun} less than or equal to {high}"
        tests[text] = lambda value: measure(value) <= high
    if low is not None:
        text = f"Member must have {noun} greater than or equal to {low}"
        tests[text] = lambda value: measure(value) >= low
    if pattern:
        text = f"Member must satisfy regular expression pattern: {pattern}"
        tests[text] = lambda value: expression(pattern).fullmatch(str(value)) is not None
    if allowed := limits.get("enum"):
        text = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        tests[text] = lambda value: value in allowed
    return tests


def _length(value: Any) -> float:
    return len(value) if hasattr(value, "__len__") else 0


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else 0


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
