"""Unknown fields and wrong types in a request, found by the published schemas.

Source: Kubernetes API concepts, "Field validation": Strict refuses, Warn (the default) tells in a
Warning header, Ignore drops in silence. The sentences are those of Go's decoder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from irsa_sandbox.apiserver import schemas
from irsa_sandbox.apiserver.ground import formats, go_json
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import bad_request
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.fieldsets import Schema, member_schema, resolved, schema_of

_EXPECTED = {"string": (str,), "boolean": (bool,), "integer": (int,), "array": (list,)}
_GO_TYPES = {"string": "string", "boolean": "bool", "integer": "int32"}
_RFC_3339 = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"


def check_fields(
    resource: Resource, body: Object, mode: str, duplicates: Sequence[str] = ()
) -> list[str]:
    """Warnings for unknown fields, which are dropped from the body, and for those given twice.

    Raises StatusError 400 for a value of a wrong type, and in mode Strict for what is warned of
    otherwise.
    """
    check_types(resource, body)
    unknown = [f'duplicate field "{path}"' for path in duplicates]
    unknown += [f'unknown field "{path}"' for path in unknown_fields(resource, body)]
    if unknown and mode == "Strict":
        raise bad_request(f"{_prefix(resource)}strict decoding error: {', '.join(unknown)}")
    return [] if mode == "Ignore" else unknown


def check_types(resource: Resource, body: Object) -> None:
    """Raises StatusError 400 for a value that is not of its field's type."""
    if wrong := wrong_type(resource, body):
        raise bad_request(_prefix(resource) + wrong)


def _prefix(resource: Resource) -> str:
    kind = resource.kind
    return f'{kind} in version "{resource.version}" cannot be handled as a {kind}: '


def wrong_type(resource: Resource, body: Object) -> str:
    """What Go's decoder says of the first value that does not fit its field; empty for none."""
    return next(_wrong_types(schema_of(resource), body, resource.kind, ""), "")


def unknown_fields(resource: Resource, body: Object) -> list[str]:
    """The paths of unknown fields; each is taken out of its object."""
    return list(_unknown(schema_of(resource), body, ""))


def _unknown(schema: Schema, value: Any, path: str) -> Iterator[str]:
    schema = resolved(schema)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(schema.get("items") or {}, item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name in list(value):
            below, known = f"{path}.{name}" if path else name, member_schema(schema, name)
            if known is not None:
                yield from _unknown(known, value[name], below)
            elif schema.get("properties"):
                del value[name]
                yield below


def _wrong_types(schema: Schema, value: Any, go_type: str, path: str) -> Iterator[str]:
    """Sentences as Go's decoder has them, for values that do not fit their field."""
    name = _reference(schema)
    own_type = name.rpartition(".")[2] or go_type
    declared, schema = schema, resolved(schema)
    wanted = schema.get("type")
    if value is None:
        return
    encoded = schema.get("format") == "byte" and isinstance(value, str)
    if not isinstance(wanted, str) or schema.get("format") == "date-time" or encoded:
        if said := scalar_fault(declared, value):
            yield said
    elif isinstance(value, dict) and wanted == "object":
        members, others = schema.get("properties") or {}, schema.get("additionalProperties")
        for member, inner in value.items():
            below = f"{path}.{member}" if path else member
            if member in members:
                yield from _wrong_types(members[member], inner, own_type, below)
            elif isinstance(others, dict):
                yield from _wrong_types(others, inner, own_type, path)
    elif isinstance(value, list) and wanted == "array":
        for item in value:
            yield from _wrong_types(schema.get("items") or {}, item, own_type, path)
    elif not _fits(schema, value):
        number = f" {value}" if isinstance(value, float) or _is_whole(wanted, value) else ""
        yield (
            f"json: cannot unmarshal {go_json.type_name(value)}{number} into Go struct field "
            f"{go_type}.{path} of type {_go_type(declared)}"
        )


def _is_whole(wanted: str, value: Any) -> bool:
    return wanted == "integer" and isinstance(value, int) and not isinstance(value, bool)


def _reference(schema: Schema) -> str:
    """The name of the definition that a schema refers to."""
    inner = (schema.get("allOf") or [schema])[0]
    return str(inner.get("$ref", "")).rpartition("/")[2]


def scalar_fault(declared: Schema, value: Any) -> str:
    """What the types that read themselves say of a value: quantities, times, int-or-string."""
    name, schema = _reference(declared), resolved(declared)
    if name.endswith(".Quantity"):
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            return f"quantities must match the regular expression '{formats.QUANTITY}'"
        return next(iter(formats.quantity(str(value))), "")
    if name.endswith(".IntOrString") and not isinstance(value, str):
        if _is_whole("integer", value):
            return ""
        return f"json: cannot unmarshal {go_json.type_name(value)} into Go value of type int32"
    if schema.get("format") == "byte" and isinstance(value, str):
        return formats.base64_fault(value)
    if schema.get("format") == "date-time":
        return _time_fault(value)
    return ""


def _time_fault(value: Any) -> str:
    if not isinstance(value, str):
        return f"json: cannot unmarshal {go_json.type_name(value)} into Go value of type string"
    if isinstance(value, datetime) or not value or re.fullmatch(_RFC_3339, value):
        return ""
    return (
        f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"'
    )


def _go_type(schema: Schema) -> str:
    """The Go type of a field: `string`, `int64`, `v1.PodSpec`, `[]v1.Container`, `map[...]...`."""
    if name := _reference(schema):
        scalar = schemas.definitions()[name].get("type") == "string"
        return "string" if scalar else ".".join(name.split(".")[-2:])
    schema = resolved(schema)
    kind = schema.get("type")
    if schema.get("format") == "byte":
        return "[]uint8"
    if kind == "array":
        return f"[]{_go_type(schema.get('items') or {})}"
    if kind == "object":
        return f"map[string]{_go_type(schema.get('additionalProperties') or {})}"
    return str(schema.get("format") or _GO_TYPES.get(str(kind), kind))


def _fits(schema: Schema, value: Any) -> bool:
    wanted = schema["type"]
    if wanted in ("object", "number"):
        return isinstance(value, dict) if wanted == "object" else isinstance(value, int | float)
    if wanted == "integer":
        bits = 63 if schema.get("format") == "int64" else 31
        return _is_whole(wanted, value) and -(2**bits) <= value < 2**bits
    return isinstance(value, _EXPECTED.get(wanted, (object,)))
