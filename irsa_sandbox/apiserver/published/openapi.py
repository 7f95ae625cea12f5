"""OpenAPI v3, by which kubectl checks, applies and explains.

Source: Kubernetes documentation, "The Kubernetes API: OpenAPI V3".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from irsa_sandbox.apiserver import schemas
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.kinds import KINDS

_PATCH_TYPES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_QUERY = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")


def index() -> dict[str, Any]:
    """`/openapi/v3`: where the document of each group is."""
    places = {_place(kind): _hash(_place(kind)) for kind in KINDS}
    return {
        "paths": {
            place: {"serverRelativeURL": f"/openapi/v3/{place}?hash={digest}"}
            for place, digest in places.items()
        }
    }


@cache
def document(place: str) -> dict[str, Any] | None:
    """The document of `api/v1` or `apis/GROUP/VERSION`; None where there is none."""
    members = [kind for kind in KINDS if _place(kind) == place]
    if not members:
        return None
    paths: dict[str, Any] = {}
    for resource in members:
        paths |= _paths(resource)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths,
        "components": {"schemas": _closure(members)},
    }


@cache
def version_2() -> dict[str, Any]:
    """`/openapi/v2`: the schemas of all kinds in Swagger's older form, for older tools."""
    text = json.dumps(schemas.definitions()).replace("#/components/schemas/", "#/definitions/")
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": {},
        "definitions": json.loads(text),
    }


def version_2_protobuf() -> bytes:
    """`/openapi/v2` for clients that read it as protobuf: its head, without definitions.

    kubectl asks for it where a kind is in no document of version 3, and lets pass what it does not
    find here either. Source: gnostic, OpenAPIv2.proto (1 swagger, 2 info: 1 title, 2 version).
    """

    def text(number: int, value: bytes) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value

    info = text(1, b"Kubernetes") + text(2, b"v1.36.2")
    return text(1, b"2.0") + text(2, info)


def _place(resource: Resource) -> str:
    return f"apis/{resource.group}/{resource.version}" if resource.group else "api/v1"


def _hash(place: str) -> str:
    return hashlib.sha256(f"{place} v1.36.2".encode()).hexdigest().upper()


def _paths(resource: Resource) -> dict[str, Any]:
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"/{_place(resource)}{scope}/{resource.plural}"
    name = schemas.definition_name(resource.group, resource.version, resource.kind)
    reference = {"$ref": f"#/components/schemas/{name}"}
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}

    def operation(action: str, media: tuple[str, ...] = ()) -> dict[str, Any]:
        body = {media_type: {"schema": reference} for media_type in media}
        answer = {"description": "OK", "content": {"application/json": {"schema": reference}}}
        return {
            "parameters": [
                {"name": parameter, "in": "query", "schema": {"type": "string"}}
                for parameter in _QUERY
            ],
            **({"requestBody": {"content": body}} if media else {}),
            "responses": {"200": answer},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": kind,
        }

    every = ("application/json", "application/yaml")
    return {
        collection: {"get": operation("list"), "post": operation("post", every)},
        f"{collection}/{{name}}": {
            "get": operation("get"),
            "put": operation("put", every),
            "patch": operation("patch", _PATCH_TYPES),
            "delete": operation("delete"),
        },
    }


def _closure(members: Sequence[Resource]) -> dict[str, Any]:
    """The schemas of some kinds and all that these refer to."""
    every = schemas.definitions()
    waiting = [schemas.definition_name(r.group, r.version, r.kind) for r in members]
    closure: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        if name not in closure:
            closure[name] = _without_own_names(every[name])
            waiting += _references(every[name])
    return closure


def _without_own_names(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema as it is published: it does not list its own kind as the only value of `kind`."""
    if "x-kubernetes-group-version-kind" not in schema:
        return schema
    properties = dict(schema.get("properties") or {})
    for name in {"apiVersion", "kind"} & properties.keys():
        properties[name] = {k: v for k, v in properties[name].items() if k != "enum"}
    return schema | ({"properties": properties} if properties else {})


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for item in schema for name in _references(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].rpartition("/")[2]] if "$ref" in schema else []
    return own + [name for value in schema.values() for name in _references(value)]
