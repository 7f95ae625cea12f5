"""Answers as Go writes them: members in the API's order, one line or indented, JSON or YAML.

Source: apimachinery, the json serializer and `isPrettyPrint` of its negotiation.
"""

from __future__ import annotations

import json
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import Response

from irsa_helpers.sandbox.apiserver.status import StatusError
from irsa_helpers.sandbox.apiserver.storage import Object

JSON = "application/json"
YAML = "application/yaml"
# Who is shown indented JSON without asking: people.
READERS = ("curl", "Wget", "Mozilla/5.0")
_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_HTML = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"))
_HEAD = ("kind", "apiVersion", "metadata")
_METADATA = (
    *("name", "generateName", "namespace", "uid", "resourceVersion", "generation"),
    *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "labels"),
    *("annotations", "ownerReferences", "finalizers", "managedFields"),
)


def in_order(body: Object) -> Object:
    """The object with its members in the order in which the API writes them."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        return body
    placed = {name: metadata[name] for name in _METADATA if name in metadata}
    head = {name: body[name] for name in _HEAD if name in body}
    return head | {"metadata": placed | metadata} | {k: v for k, v in body.items() if k not in head}


def wants_pretty(request: Request) -> bool:
    """Whether the answer is indented: as `pretty` says, else for people's own clients."""
    if asked := request.query_params.get("pretty"):
        return asked in _TRUE
    return request.headers.get("user-agent", "").startswith(READERS)


def encoded(body: Any, *, pretty: bool = False) -> str:
    """JSON as Go's encoder has it, which leaves no `<`, `>` or `&` as they are."""
    if pretty:
        text = json.dumps(body, indent=2, ensure_ascii=False)
    else:
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False) + "\n"
    for character, escaped in _HTML:
        text = text.replace(character, escaped)
    return text


def rendered(request: Request, body: Any, code: int = 200, *, media_type: str = JSON) -> Response:
    """An object as an answer, in the media type that was negotiated."""
    if media_type == YAML:
        return Response(yaml.safe_dump(body, allow_unicode=True), code, media_type=YAML)
    text = encoded(body, pretty=wants_pretty(request))
    return Response(text, code, media_type=media_type)


def refused(request: Request, error: StatusError) -> Response:
    """A refusal as an answer."""
    return rendered(request, error.body(), error.code)
