"""What is wrong with a field, in the API server's words.

Source: apimachinery, pkg/util/validation/field/errors.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from irsa_sandbox.apiserver.ground.status import Cause

Causes = Iterable[Cause]


def shown(value: Any) -> str:
    """A value as it stands in a sentence: texts quoted, the rest as JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def required(path: str, detail: str = "") -> Cause:
    """The field must be there."""
    return "FieldValueRequired", path, "Required value" + (f": {detail}" if detail else "")


def invalid(path: str, value: Any, detail: str) -> Cause:
    """The value is not of the form that it must have."""
    return "FieldValueInvalid", path, f"Invalid value: {shown(value)}: {detail}"


def invalid_each(path: str, value: Any, details: Iterable[str]) -> list[Cause]:
    """One cause for each sentence about the value."""
    return [invalid(path, value, detail) for detail in details]


def unsupported(path: str, value: Any, allowed: Iterable[str]) -> Cause:
    """The value is none of those that are allowed."""
    listed = ", ".join(f'"{choice}"' for choice in allowed)
    text = f"Unsupported value: {shown(value)}: supported values: {listed}"
    return "FieldValueNotSupported", path, text


def duplicate(path: str, value: Any) -> Cause:
    """The value stands there twice."""
    return "FieldValueDuplicate", path, f"Duplicate value: {shown(value)}"


def forbidden(path: str, detail: str) -> Cause:
    """The field must not be there, or not be changed."""
    return "FieldValueForbidden", path, f"Forbidden: {detail}"


def not_found(path: str, value: Any) -> Cause:
    """The value names something that is not there."""
    return "FieldValueNotFound", path, f"Not found: {shown(value)}"


def too_long(path: str, longest: int) -> Cause:
    """The value has too many bytes."""
    return "FieldValueTooLong", path, f"Too long: may not be more than {longest} bytes"


def immutable(path: str, value: Any) -> Cause:
    """The value may not be changed any more."""
    return invalid(path, value, "field is immutable")


def at_least_zero(path: str, fields: dict[str, Any], *names: str) -> list[Cause]:
    """The numbers among some fields that are below zero."""
    return [
        invalid(f"{path}.{name}", fields[name], "must be greater than or equal to 0")
        for name in names
        if isinstance(fields.get(name), int | float) and fields[name] < 0
    ]


def joined(*groups: Causes) -> list[Cause]:
    """Groups of causes as one list."""
    return [cause for group in groups for cause in group]
