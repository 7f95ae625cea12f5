"""The three patch types: JSON Patch, JSON Merge Patch and strategic merge patch.

Source: RFC 6902, RFC 7386; Kubernetes "Update API Objects in Place Using kubectl patch".
"""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch

from irsa_helpers.sandbox.apiserver.status import StatusError, bad_request

# Lists that a strategic merge joins by a key; published with the schemas as patchMergeKey.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "imagePullSecrets": "name",
    "secrets": "name",
    "ownerReferences": "uid",
    "conditions": "type",
    "webhooks": "name",
    "addresses": "type",
    "containerStatuses": None,
}
SETS = {"finalizers"}
REJECTED = "the server rejected our request due to an error in our request"

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


def apply_patch(content_type: str, target: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The object after the patch. Raises StatusError 415 for another type, 400 or 422 for bad."""
    if content_type == JSON:
        return _json_patch(target, patch)
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: an object is expected")
    if content_type == MERGE:
        merged: dict[str, Any] = merge(target, patch)
        return merged
    if content_type == STRATEGIC:
        return strategic(target, patch)
    raise StatusError(
        415,
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: "
        f"{JSON}, {MERGE}, {STRATEGIC}, {APPLY}",
    )


def _json_patch(target: dict[str, Any], patch: Any) -> dict[str, Any]:
    try:
        result: dict[str, Any] = jsonpatch.apply_patch(target, patch)
    except jsonpatch.JsonPatchTestFailed as error:
        raise StatusError(422, "Invalid", REJECTED, {}) from error
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
        raise StatusError(
            422,
            "Invalid",
            f"{REJECTED}: {error}",
        ) from error
    return result


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386: null takes a member away, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def strategic(target: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """Like `merge`, but lists with a merge key join by it, and `$patch` directives are obeyed."""
    if patch.get("$patch") == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if name.startswith("$"):
            _directive(result, name, value)
        elif value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = strategic(result.get(name), value)
        elif isinstance(value, list):
            result[name] = _list(name, result.get(name) or [], value)
        else:
            result[name] = value
    return result


def _directive(result: dict[str, Any], name: str, value: Any) -> None:
    if name.startswith("$deleteFromPrimitiveList/"):
        field = name.partition("/")[2]
        result[field] = [item for item in result.get(field) or [] if item not in value]
    elif name == "$retainKeys":
        for member in [m for m in result if m not in value]:
            del result[member]


def _list(name: str, current: list[Any], patch: list[Any]) -> list[Any]:
    if name in SETS:
        return [*current, *(item for item in patch if item not in current)]
    key = MERGE_KEYS.get(name)
    if key is None or not all(isinstance(item, dict) for item in patch):
        return copy.deepcopy(patch)
    if any(item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    result = list(current)
    for item in patch:
        at = next((i for i, old in enumerate(result) if old.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del result[at]
        elif at is None:
            result.append(strategic({}, item))
        else:
            result[at] = strategic(result[at], item)
    return result
