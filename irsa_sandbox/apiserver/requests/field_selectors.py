"""Field selectors: a test of objects by the fields that their kind can be selected by.

Source: apimachinery, pkg/fields/selector.go; kubernetes, the AddFieldLabelConversionFunc of each
group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from irsa_sandbox.apiserver.ground.status import bad_request
from irsa_sandbox.apiserver.kinds.kind import Field, Kind, fields

Test = Callable[[Mapping[str, Any]], bool]

OF_ALL = fields("metadata.name", "metadata.namespace")
_TERM = re.compile(r"(?s)(.*?)(!=|==|=)(.*)")


def field_selector(kind: Kind, text: str) -> Test:
    """A test of an object by its fields, as in `metadata.name=a,status.phase!=Running`.

    Raises StatusError 400 for a selector it cannot read, or a field that selects nothing.
    """
    terms = []
    for part in _parts(text):
        term = _TERM.fullmatch(part)
        if not part:
            continue
        if not term:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        label, operator, value = term.groups()
        terms.append((_selectable(kind, label), operator, _plain(value)))
    return lambda body: all(
        (_value(body, field) == value) is (operator != "!=") for field, operator, value in terms
    )


def selected_name(text: str) -> str:
    """The only name that a field selector can match; empty where there are more, or it is invalid.

    Whoever may read the object by its name may also list it with such a selector.
    Source: apiserver, pkg/endpoints/request/requestinfo.go.
    """
    terms = [term.groups() for part in _parts(text) if (term := _TERM.fullmatch(part))]
    named = [
        _plain(value) for label, sign, value in terms if label == "metadata.name" and sign != "!="
    ]
    return named[0] if named and not re.search(r"[/%]|^\.\.?$", named[0]) else ""


def _parts(text: str) -> list[str]:
    return re.split(r"(?<!\\),", text) if text else []


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _selectable(kind: Kind, label: str) -> Field:
    """The field of that label. Raises StatusError 400 where it selects nothing."""
    for field in (*OF_ALL, *kind.selectable):
        if field.label == label:
            return field
    if kind.selectable:
        raise bad_request(kind.unselectable.format(label))
    known = ", ".join(f'"{field.label}"' for field in OF_ALL)
    raise bad_request(f'"{label}" is not a known field selector: only {known}')


def _value(body: Mapping[str, Any], field: Field) -> str:
    value: Any = body
    for name in (field.path or field.label).split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return field.absent
    return str(value).lower() if isinstance(value, bool) else str(value)
