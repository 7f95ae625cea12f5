"""A configuration that is applied must fit its schema in full.

Source: structured-merge-diff, typed/validate.go; apimachinery, pkg/util/managedfields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.fields import scalar_fault
from irsa_sandbox.apiserver.structure.fieldsets import (
    DEFAULT_KEYS,
    Schema,
    children_of,
    member_schema,
    resolved,
    schema_of,
    shown,
)
from irsa_sandbox.apiserver.structure.patches import go_format


def check(resource: Resource, namespace: str, config: Object) -> None:
    """Raises StatusError 500, as the API server does, for a configuration that does not fit."""
    faults = list(_faults(schema_of(resource), config, ""))
    if not faults:
        return
    said = faults[0] if len(faults) == 1 else "errors:\n" + "\n".join(f"  {f}" for f in faults)
    metadata = config.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    place = f"{namespace}/{name}"
    kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
    raise StatusError(500, "", f"failed to create typed patch object ({place}; {kind}): {said}")


def _faults(schema: Schema, value: Any, path: str) -> Iterator[str]:
    declared, schema = schema, resolved(schema)
    wanted = schema.get("type")
    if value is None:
        return
    if said := scalar_fault(declared, value):
        yield f"{path}: {said}"
        return
    if wanted == "object":
        yield from _map_faults(schema, value, path)
    elif wanted == "array":
        yield from _list_faults(schema, value, path)
    elif wanted == "string" and not isinstance(value, str):
        yield f"{path}: expected string, got &value.valueUnstructured{{Value:{_go_value(value)}}}"
    elif wanted == "boolean" and not isinstance(value, bool):
        yield f"{path}: expected boolean, got &value.valueUnstructured{{Value:{_go_value(value)}}}"
    elif wanted == "integer" and (isinstance(value, bool) or not isinstance(value, int | float)):
        kind = {str: "string", bool: "boolean", dict: "map", list: "list"}[type(value)]
        yield f"{path}: expected numeric (int or float), got {kind}"


def _map_faults(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{go_format(value)}}}"
        return
    for name, member in value.items():
        below, known = f"{path}.{name}", member_schema(schema, name)
        if known is not None:
            yield from _faults(known, member, below)
        elif schema.get("properties"):
            yield f"{below}: field not declared in schema"


def _list_faults(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{go_format(value)}}}"
        return
    items = schema.get("items") or {}
    if schema.get("x-kubernetes-list-type") != "map":
        for index, item in enumerate(value):
            yield from _faults(items, item, f"{path}[{index}]")
        return
    if unkeyed := [*_unkeyed(schema, value, path)]:
        yield from unkeyed
        return
    seen: set[str] = set()
    for element, _, item in children_of(schema, value):
        place = shown((element,))
        if element in seen:
            yield f"{path}: duplicate entries for key {place}"
        seen.add(element)
        yield from _faults(items, item, f"{path}{place}")


def _unkeyed(schema: Schema, value: list[Any], path: str) -> Iterator[str]:
    """The items of a list that do not say which they are."""
    for index, item in enumerate(value):
        if item is None:
            yield f"{path}: element {index}: associative list with keys may not have a null element"
        elif not isinstance(item, dict):
            text = "associative list with keys may not have non-map elements"
            yield f"{path}: element {index}: {text}"
        else:
            for key in schema["x-kubernetes-list-map-keys"]:
                if item.get(key, DEFAULT_KEYS.get(key)) is None:
                    text = "associative list with keys has an element that omits key field "
                    text += f'"{key}" (and doesn\'t have default value)'
                    yield f"{path}: element {index}: {text}"


def _go_value(value: Any) -> str:
    """A value as Go's `%#v` prints it."""
    return json.dumps(value) if not isinstance(value, dict | list) else go_format(value)
