"""Objects as Go keeps them: what says nothing is not written.

A real API server reads a request into Go structs and writes these: a member that is null, an empty
text, list or map, or zero where the struct holds no pointer, is not there afterwards.
Source: kubernetes/api, the `omitempty` tags of its types.
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver.ground.formats import canonical_base64, canonical_quantity
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.kinds import KINDS
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.fieldsets import Schema, resolved, schema_of

# Numbers and booleans that are no pointers: type -> members. All others keep their zero.
ZEROES = {"ObjectMeta": ("generation",)} | {
    name: members for kind in KINDS for name, members in kind.zeroes.items()
}
# Texts and lists that are written even when empty.
KEPT = {name: members for kind in KINDS for name, members in kind.kept.items()}


def normalized(resource: Resource, body: Object) -> Object:
    """The object without the members that say nothing."""
    pruned: Object = _pruned(schema_of(resource), body, resource.kind)
    return pruned


def _pruned(schema: Schema, value: Any, kind: str) -> Any:
    inner = (schema.get("allOf") or [schema])[0]
    kind = str(inner.get("$ref", "")).rpartition(".")[2] or kind
    schema = resolved(schema)
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [_pruned(items, _zero(items, item), kind) for item in value]
    if kind == "Quantity" and value is not None:
        return canonical_quantity(value)
    if schema.get("format") == "byte" and isinstance(value, str):
        return canonical_base64(value)
    if not isinstance(value, dict):
        return value
    members, others = schema.get("properties") or {}, schema.get("additionalProperties")
    if not members:
        # The values of a map stay as they are, but for what they hold themselves.
        below = others if isinstance(others, dict) else {}
        return {name: _pruned(below, _zero(below, member), kind) for name, member in value.items()}
    pruned = {name: _pruned(members.get(name, {}), member, kind) for name, member in value.items()}
    required = schema.get("required") or ()
    return {
        name: member
        for name, member in pruned.items()
        if not _says_nothing(members.get(name, {}), kind, name, member, required)
    }


def _zero(schema: Schema, value: Any) -> Any:
    """What Go reads of a null where it must have a value: an empty one of its type."""
    if value is not None:
        return value
    inner = (schema.get("allOf") or [schema])[0]
    if str(inner.get("$ref", "")).endswith(".Quantity"):
        return "0"
    kind = resolved(schema).get("type")
    return {"object": {}, "array": [], "string": "", "integer": 0, "boolean": False}.get(str(kind))


def _says_nothing(
    schema: Schema, kind: str, name: str, value: Any, required: tuple[str, ...]
) -> bool:
    if name in KEPT.get(kind, ()):
        return False
    if value is None:
        return True
    if value == "" or value == []:
        return name not in required
    if value == {}:
        # Go writes an empty struct, and leaves an empty map out.
        return isinstance(resolved(schema).get("additionalProperties"), dict)
    return not value and name in ZEROES.get(kind, ())
