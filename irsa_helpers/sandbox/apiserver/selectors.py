"""Label and field selectors.

Source: Kubernetes documentation, "Labels and Selectors" and "Field Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from irsa_helpers.sandbox.apiserver.status import bad_request

Test = Callable[[Mapping[str, Any]], bool]

_SET = re.compile(r"^(\S+)\s+(in|notin)\s+\(([^)]*)\)$")
_EQUAL = re.compile(r"^([^=!\s]+)\s*(==|=|!=)\s*([^=\s]*)$")
_DOUBLED = re.compile(r"^[^=!\s]+\s*(?:==|=|!=)\s*(!?=)")
_EXISTS = re.compile(r"^(!?)\s*([A-Za-z0-9./_-]+)$")
_COMMA = re.compile(r",(?![^(]*\))")


def label_selector(text: str) -> Test:
    """A test of an object by its labels. Raises StatusError 400 for a selector it cannot read."""
    tests = [_label_test(part.strip()) for part in _COMMA.split(text) if part.strip()]
    return lambda body: all(test(body["metadata"].get("labels") or {}) for test in tests)


def _label_test(part: str) -> Test:
    if found := _SET.match(part):
        key, operator, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUAL.match(part):
        key, operator, value = found.groups()
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _EXISTS.match(part):
        absent, key = found.groups()
        return lambda labels: (key in labels) is not bool(absent)
    if found := _DOUBLED.match(part):
        raise bad_request(
            f"unable to parse requirement: found '{found.group(1)}', expected: identifier"
        )
    raise bad_request(f"unable to parse requirement: found {part!r}")


def field_selector(text: str) -> Test:
    """A test of an object by dotted paths, as in `metadata.name=a,status.phase!=Running`."""
    tests = []
    for part in filter(None, text.split(",")):
        found = _EQUAL.match(part.strip())
        if not found:
            raise bad_request(f"invalid selector: {part!r}; can't understand {part!r}")
        tests.append(found.groups())
    return lambda body: all(
        (_field(body, path) == value) is (operator != "!=") for path, operator, value in tests
    )


def _field(body: Mapping[str, Any], path: str) -> str:
    value: Any = body
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return str(value)
