"""The three patch types: JSON Patch, JSON Merge Patch and strategic merge patch.

Source: RFC 6902, RFC 7386; Kubernetes "Update API Objects in Place Using kubectl patch";
kubernetes, apiserver/pkg/endpoints/handlers/patch.go and apimachinery's strategicpatch.
"""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch

from irsa_sandbox.apiserver.ground import go_json
from irsa_sandbox.apiserver.ground.status import StatusError, bad_request
from irsa_sandbox.apiserver.structure.fieldsets import Schema, member_schema, resolved

REJECTED = "the server rejected our request due to an error in our request"

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TYPES = (JSON, MERGE, STRATEGIC)
ACCEPTED = ", ".join((*TYPES, APPLY))
MOST_OPERATIONS = 10_000
_ORDER = "$setElementOrder/"
_KEY, _STRATEGY = "x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy"


def apply_patch(
    content_type: str, target: dict[str, Any], patch: Any, schema: Schema
) -> dict[str, Any]:
    """The object after the patch. Raises StatusError 415 for another type, 400 or 422."""
    if content_type == JSON:
        return _json_patch(target, patch)
    if content_type not in TYPES:
        raise unsupported()
    if not isinstance(patch, dict):
        said = f"json: cannot unmarshal {go_json.type_name(patch)} into Go value of type "
        decoding = "" if content_type == STRATEGIC else "error decoding patch: "
        raise bad_request(f"{decoding}{said}map[string]interface {{}}")
    if content_type == MERGE:
        merged: dict[str, Any] = merge(target, patch)
        return merged
    return strategic(schema, target, patch)


def unsupported() -> StatusError:
    """415: no such type of patch."""
    text = "the body of the request was in an unknown format - accepted media types include: "
    return StatusError(415, "UnsupportedMediaType", text + ACCEPTED)


def _json_patch(target: dict[str, Any], patch: Any) -> dict[str, Any]:
    if not isinstance(patch, list):
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {go_json.type_name(patch)} into Go "
            "value of type []interface {}"
        )
    if len(patch) > MOST_OPERATIONS:
        text = f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got "
        raise StatusError(413, "RequestEntityTooLarge", f"{text}{len(patch)}", {})
    try:
        patched: dict[str, Any] = jsonpatch.apply_patch(target, patch)
    except (
        jsonpatch.JsonPatchException,
        jsonpatch.JsonPointerException,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        # The API server keeps the reason to itself.
        raise StatusError(422, "Invalid", REJECTED, {}) from error
    return patched


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386: null takes a member away, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def strategic(schema: Schema, target: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """Like `merge`, but lists join by the merge key of the schema, and directives are obeyed."""
    directive = patch.get("$patch")
    if directive in {"replace", "delete"}:
        return {n: v for n, v in patch.items() if n != "$patch"} if directive == "replace" else {}
    if directive not in {None, "merge"}:
        raise bad_request(f"Unknown patch type found: {directive}")
    patched = dict(target) if isinstance(target, dict) else {}
    schema = resolved(schema)
    if "$retainKeys" in patch:
        patched = {n: v for n, v in patched.items() if n in patch["$retainKeys"]}
    # The order of items is applied last, when all items are there.
    for name, value in sorted(patch.items(), key=lambda member: member[0].startswith(_ORDER)):
        if name.startswith("$"):
            _directive(patched, name, value)
            continue
        below = member_schema(schema, name) or {}
        if value is None:
            patched.pop(name, None)
        elif isinstance(value, dict):
            replaces = below.get(_STRATEGY) == "replace"
            patched[name] = strategic(below, {} if replaces else patched.get(name), value)
        elif isinstance(value, list):
            patched[name] = _list(below, patched.get(name) or [], value)
        else:
            patched[name] = value
    return patched


def _directive(patched: dict[str, Any], name: str, value: Any) -> None:
    if name.startswith("$deleteFromPrimitiveList/"):
        field = name.partition("/")[2]
        patched[field] = [item for item in patched.get(field) or [] if item not in value]
    elif name.startswith(_ORDER):
        _order(patched, name.partition("/")[2], value)


def _order(patched: dict[str, Any], field: str, wanted: list[Any]) -> None:
    """Put the items that a patch names into its order, the others after them."""
    if not isinstance(patched.get(field), list):
        return

    def place(item: Any) -> int:
        for index, listed in enumerate(wanted):
            if listed == item or (isinstance(listed, dict) and listed.items() <= item.items()):
                return index
        return len(wanted)

    patched[field] = sorted(patched[field], key=place)


def _list(schema: Schema, current: list[Any], patch: list[Any]) -> list[Any]:
    strategies = str(schema.get(_STRATEGY, "")).split(",")
    key = schema.get(_KEY)
    if "merge" not in strategies:
        return copy.deepcopy(patch)
    if key is None:
        return [*current, *(item for item in patch if item not in current)]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    joined, items = list(current), schema.get("items") or {}
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {go_format(item)} does not contain declared merge key: {key}")
        at = next((i for i, old in enumerate(joined) if old.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del joined[at]
        elif at is None:
            joined.append(strategic(items, {}, item))
        else:
            joined[at] = strategic(items, joined[at], item)
    return joined


def go_format(value: Any) -> str:
    """A value as Go's `%v` prints it: `map[a:1 b:[x y]]`."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{k}:{go_format(v)}' for k, v in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(go_format(item) for item in value)}]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)
