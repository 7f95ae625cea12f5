"""What a patch leaves behind is checked by the schema, as a request's body is.

Source: kubernetes, apiserver/pkg/endpoints/handlers/patch.go; apimachinery,
pkg/runtime/converter.go, which words what a strategic merge patch leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import StatusError, invalid
from irsa_sandbox.apiserver.requests.decoding import Body
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure import fields, patches
from irsa_sandbox.apiserver.structure.fieldsets import member_schema, resolved, schema_of
from irsa_sandbox.apiserver.structure.rendering import in_order
from irsa_sandbox.apiserver.validation.causes import invalid as invalid_value

NO_KIND = Resource("", "", "", "")
_KINDS = {bool: "bool", int: "int64", float: "float64", str: "string"}
_CONVERTIBLE = {("int64", "string")}


def checked_result(
    resource: Resource, content_type: str, patch: Body, patched: Object, mode: str
) -> list[str]:
    """Warnings about the object that a patch made; unknown fields are dropped from it.

    Raises StatusError 422 for a value of a wrong type, and in mode Strict for an unknown field.
    """
    strategic = content_type == patches.STRATEGIC
    wrong = (
        next(_unconvertible(schema_of(resource), patched), "")
        if strategic
        else fields.wrong_type(resource, patched)
    )
    duplicates = [f'duplicate field "{path}"' for path in patch.duplicates]
    shown = patches.go_format(patch.value) if strategic else _compact(patched)
    if wrong:
        raise _refused(shown, wrong)
    warnings = [
        *duplicates,
        *(f'unknown field "{p}"' for p in fields.unknown_fields(resource, patched)),
    ]
    if warnings and mode == "Strict":
        raise _refused(shown, f"strict decoding error: {', '.join(warnings)}")
    return [] if mode == "Ignore" else warnings


def _compact(body: Object) -> str:
    """The patched object, its members in the order in which Go's patches leave them."""
    ordered = in_order(body)
    return json.dumps({k: ordered[k] for k in sorted(ordered)}, separators=(",", ":"))


def _refused(shown: str, said: str) -> StatusError:
    return invalid(NO_KIND, "", [invalid_value("patch", shown, said)])


def _unconvertible(schema: Any, value: Any) -> Iterator[str]:
    """What Go's converter says of values that do not fit their field."""
    declared, schema = schema, resolved(schema)
    wanted, fits = schema.get("type"), True
    if value is None:
        return
    if wanted == "object":
        fits = isinstance(value, dict)
        for name, member in value.items() if fits else ():
            yield from _unconvertible(member_schema(schema, name) or {}, member)
        if not fits:
            what = "struct from:" if schema.get("properties") else "map from"
            yield f"cannot restore {what} {_kind(value)}"
    elif wanted == "array":
        for item in value if isinstance(value, list) else ():
            yield from _unconvertible(schema.get("items") or {}, item)
        if not isinstance(value, list):
            yield f"cannot restore slice from {_kind(value)}"
    elif said := fields.scalar_fault(declared, value):
        yield said
    elif wanted in {"string", "boolean", "integer"}:
        yield from _scalar(schema, str(wanted), value)


def _scalar(schema: Any, wanted: str, value: Any) -> Iterator[str]:
    kind = _kind(value)
    target = {"string": "string", "boolean": "bool"}.get(wanted, schema.get("format", "int32"))
    whole = wanted == "integer" and kind in {"int64", "float64"}
    if kind != target and not whole:
        said = f"cannot convert {kind} to {target}"
        yield said if (kind, target) in _CONVERTIBLE else f"unrecognized type: {target}"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "map"
    return "slice" if isinstance(value, list) else _KINDS[type(value)]
