"""Unknown fields and wrong types in a request, found by the published schemas.

Source: Kubernetes API concepts, "Field validation": Strict refuses, Warn (the default) tells in a
Warning header, Ignore drops in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from irsa_helpers.sandbox.apiserver import schemas
from irsa_helpers.sandbox.apiserver.fieldsets import resolved
from irsa_helpers.sandbox.apiserver.resources import Resource
from irsa_helpers.sandbox.apiserver.status import bad_request
from irsa_helpers.sandbox.apiserver.storage import Object

Schema = dict[str, Any]
MODES = ("Ignore", "Warn", "Strict")
_GO_NAMES = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}
_EXPECTED = {"string": (str,), "boolean": (bool,), "integer": (int,), "array": (list,)}
_GO_TYPES = {"string": "string", "boolean": "bool", "integer": "int32", "object": "map"}


def check_fields(resource: Resource, body: Object, mode: str) -> list[str]:
    """Warnings for unknown fields, which are dropped from the body.

    Raises StatusError 400 for a value of a wrong type, and in mode Strict for an unknown field.
    """
    name = schemas.definition_name(resource.group, resource.version, resource.kind)
    schema = schemas.definitions()[name]
    prefix = (
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
    )
    if wrong := next(_wrong_types(schema, body, resource.kind, ""), None):
        raise bad_request(prefix + wrong)
    unknown = [f'unknown field "{path}"' for path in _unknown(schema, body, "")]
    if unknown and mode == "Strict":
        raise bad_request(f"{prefix}strict decoding error: {', '.join(unknown)}")
    return unknown if mode == "Warn" else []


def _unknown(schema: Schema, value: Any, path: str) -> Iterator[str]:
    """The paths of unknown fields; each is taken out of its object."""
    schema = resolved(schema)
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unknown(schema.get("items") or {}, each, f"{path}[{index}]")
    elif isinstance(value, dict) and "properties" in schema:
        for name in list(value):
            below = f"{path}.{name}" if path else name
            if name in schema["properties"]:
                yield from _unknown(schema["properties"][name], value[name], below)
            else:
                del value[name]
                yield below


def _wrong_types(schema: Schema, value: Any, go_type: str, path: str) -> Iterator[str]:
    """Sentences as Go's decoder has them, for values that do not fit their field."""
    if "$ref" in schema or "allOf" in schema:
        reference = schema.get("$ref") or schema["allOf"][0].get("$ref", "")
        go_type = reference.rpartition(".")[2] or go_type
    schema = resolved(schema)
    wanted = schema.get("type")
    if value is None or not isinstance(wanted, str):
        return
    if isinstance(value, dict) and wanted == "object":
        members, others = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, each in value.items():
            below = f"{path}.{name}" if path else name
            if name in members:
                yield from _wrong_types(members[name], each, go_type, below)
            elif isinstance(others, dict):
                yield from _wrong_types(others, each, go_type, path)
    elif isinstance(value, list) and wanted == "array":
        for each in value:
            yield from _wrong_types(schema.get("items") or {}, each, go_type, path)
    elif not _fits(wanted, value):
        yield (
            f"json: cannot unmarshal {_GO_NAMES.get(type(value), 'object')} into Go struct field "
            f"{go_type}.{path} of type {_GO_TYPES.get(wanted, wanted)}"
        )


def _fits(wanted: str, value: Any) -> bool:
    if wanted in ("object", "number"):
        return isinstance(value, dict) if wanted == "object" else isinstance(value, int | float)
    if wanted == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, _EXPECTED.get(wanted, (object,)))
