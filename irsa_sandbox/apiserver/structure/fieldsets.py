"""The fields of an object as a set of paths, by which the API server remembers who set what.

A path is a tuple of elements: `f:NAME` a member, `k:{...}` an item of a list by its keys,
`v:VALUE` a member of a set. Source: Kubernetes documentation, "Server-Side Apply"; API
reference, FieldsV1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from irsa_sandbox.apiserver import schemas
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.store.storage import Object

Path = tuple[str, ...]
Schema = dict[str, Any]
# The value of a node that only holds others: it has none to compare.
CONTAINER = object()
# Keys of list items that the API fills in where they are left out.
DEFAULT_KEYS = {"protocol": "TCP"}
# What nobody owns: the identity of the object, and what the system keeps.
_UNOWNED = ("name", "namespace", "creationTimestamp", "uid", "generation", "resourceVersion")
UNOWNED = {("f:apiVersion",), ("f:kind",), ("f:metadata",), ("f:metadata", "f:managedFields")} | {
    ("f:metadata", f"f:{name}") for name in _UNOWNED
}


def schema_of(resource: Resource) -> Schema:
    """The schema of a kind."""
    name = schemas.definition_name(resource.group, resource.version, resource.kind)
    schema: Schema = schemas.definitions()[name]
    return schema


def resolved(schema: Schema) -> Schema:
    """The schema behind a reference."""
    if len(schema.get("allOf") or ()) == 1:
        schema = schema["allOf"][0] | {k: v for k, v in schema.items() if k.startswith("x-")}
    if "$ref" not in schema:
        return schema
    referred: Schema = schemas.definitions()[schema["$ref"].rpartition("/")[2]]
    return referred | {k: v for k, v in schema.items() if k.startswith("x-")}


def fields(resource: Resource, body: Object) -> dict[Path, Any]:
    """Every owned path of an object with its value (CONTAINER where it only holds others)."""
    return {p: v for p, v in _walk(schema_of(resource), body, ()) if p and not _unowned(p)}


def _unowned(path: Path) -> bool:
    return path in UNOWNED or path[:2] == ("f:metadata", "f:managedFields")


def _walk(schema: Schema, value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if value is None:
        return
    schema = resolved(schema)
    children = list(children_of(schema, value)) if value else []
    if not children:
        yield path, value
        return
    yield path, CONTAINER
    for element, below, child in children:
        yield from _walk(below, child, (*path, element))


def member_schema(schema: Schema, name: str) -> Schema | None:
    """The schema of an object's member, or of a map's value; None where it allows no such one."""
    members, others = schema.get("properties") or {}, schema.get("additionalProperties")
    below = members.get(name, others)
    return below if isinstance(below, dict) else None


def children_of(schema: Schema, value: Any) -> Iterator[tuple[str, Schema, Any]]:
    """(element, schema, value) of what is owned separately below a value; none if it is atomic."""
    if isinstance(value, dict) and schema.get("x-kubernetes-map-type") != "atomic":
        for name, member in value.items():
            below = member_schema(schema, name)
            if below is not None:
                yield f"f:{name}", below, member
    elif isinstance(value, list):
        items = schema.get("items") or {}
        kind = schema.get("x-kubernetes-list-type")
        for item in value:
            if kind == "map":
                yield key_element(schema, item), items, item
            elif kind == "set":
                yield f"v:{json.dumps(item)}", {}, item


def key_element(schema: Schema, item: Object) -> str:
    """`k:{"name":"app"}` of a list's item."""
    names = sorted(schema["x-kubernetes-list-map-keys"])
    keys = {name: item.get(name, DEFAULT_KEYS.get(name)) for name in names}
    known = {name: value for name, value in keys.items() if value is not None}
    return "k:" + json.dumps(known, separators=(",", ":"))


def encoded(paths: Iterable[Path]) -> Object:
    """A set of paths as FieldsV1: nested; `.` where a node with others below is a member."""
    paths = set(paths)
    tree: Object = {}
    for path in sorted(paths):
        node = tree
        for element in path:
            node = node.setdefault(element, {})
    for path in paths:
        node = tree
        for element in path:
            node = node[element]
        if node:
            node["."] = {}
    return _in_order(tree)


def _in_order(node: Object) -> Object:
    return {name: _in_order(node[name]) for name in sorted(node)}


def decoded(tree: Object, path: Path = ()) -> set[Path]:
    """The set of paths of a FieldsV1."""
    paths: set[Path] = set()
    for element, below in tree.items():
        if element == ".":
            paths.add(path)
        elif below:
            paths |= decoded(below, (*path, element))
        else:
            paths.add((*path, element))
    return paths


def shown(path: Path) -> str:
    """A path for a reader: `.spec.template.spec.containers[name="app"].image`."""
    return "".join(_shown(element) for element in path)


def _shown(element: str) -> str:
    kind, _, text = element.partition(":")
    if kind == "f":
        return f".{text}"
    if kind == "v":
        return f"[={text}]"
    return f"[{','.join(f'{k}={json.dumps(v)}' for k, v in json.loads(text).items())}]"


def merged(schema: Schema, live: Any, wanted: Any) -> Any:
    """What is wanted, laid over the live value: only what is wanted changes."""
    schema = resolved(schema)
    if not isinstance(live, type(wanted)):
        return wanted
    children = list(children_of(schema, wanted))
    if not children:
        # Nothing is asked of a map or a list that is empty, unless it is set as a whole.
        return live if not wanted and any(children_of(schema, live)) else wanted
    if isinstance(wanted, dict):
        laid = {e[2:]: merged(below, live.get(e[2:]), child) for e, below, child in children}
        return live | laid
    present = {element: child for element, _, child in children_of(schema, live)}
    for element, below, child in children:
        present[element] = merged(below, present.get(element), child)
    return list(present.values())


def without(schema: Schema, value: Any, paths: set[Path]) -> Any:
    """The value with some paths taken out; None where nothing is left of it."""
    if () in paths:
        return None
    schema = resolved(schema)
    heads = {path[0] for path in paths}
    if isinstance(value, dict):
        left = dict(value)
        for element in heads:
            name = element[2:]
            if name in left:
                below = member_schema(schema, name) or {}
                left[name] = without(below, left[name], _below(paths, element))
        return {k: v for k, v in left.items() if v is not None or k not in _names(heads)} or None
    items = schema.get("items") or {}
    kept = [
        without(items, child, _below(paths, element)) if element in heads else child
        for element, _, child in children_of(schema, value)
    ]
    return [child for child in kept if child is not None] or None


def _names(elements: set[str]) -> set[str]:
    return {element[2:] for element in elements}


def _below(paths: set[Path], element: str) -> set[Path]:
    return {path[1:] for path in paths if path[0] == element}
