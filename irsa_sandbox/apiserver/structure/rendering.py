"""Answers as Go writes them: members in the API's order, one line or indented, JSON or YAML.

Source: apimachinery, the json serializer and `isPrettyPrint` of its negotiation.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from irsa_sandbox.apiserver.ground.status import StatusError, internal_error
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.values.texts import encodable, is_encodable

log = logging.getLogger("irsa-lab.apiserver")

UNWRITABLE = (ValueError, TypeError, RecursionError)
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
    """JSON as Go's encoder has it, which leaves no `<`, `>` or `&` as they are.

    A list goes without the items that cannot be written. Raises StatusError 500 where one object
    cannot.
    """
    try:
        text = _json(body, pretty=pretty)
    except UNWRITABLE as error:
        text = _json(_without_unwritable(body, error), pretty=pretty)
    for character, escaped in _HTML:
        text = text.replace(character, escaped)
    return text


def _json(body: Any, *, pretty: bool = False) -> str:
    if pretty:
        return json.dumps(body, indent=2, ensure_ascii=False, allow_nan=False)
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return f"{text}\n"


def _without_unwritable(body: Any, error: Exception) -> Any:
    """A list or a table without the objects for which there is no JSON. Raises StatusError 500."""
    for name in ("items", "rows"):
        if isinstance(body, dict) and isinstance(body.get(name), list):
            log.error("a list leaves out what cannot be written: %s", error)
            return body | {name: [entry for entry in body[name] if is_writable(entry)]}
    raise internal_error(f"the object cannot be written: {error}") from error


def is_writable(body: Any) -> bool:
    """Whether there is JSON for a value."""
    try:
        _json(body)
    except UNWRITABLE:
        return False
    return True


async def _yaml(body: Any) -> AsyncIterator[bytes]:
    """The YAML of an object, made beside the event loop: it takes a hundred times JSON's time."""
    yield await asyncio.to_thread(_yaml_bytes, body)


def _yaml_bytes(body: Any) -> bytes:
    text = json.dumps(body, ensure_ascii=False)
    shown = body if is_encodable(text) else json.loads(encodable(text))
    return str(yaml.safe_dump(shown, allow_unicode=True)).encode()


def rendered(request: Request, body: Any, code: int = 200, *, media_type: str = JSON) -> Response:
    """An object as an answer, in the media type that was negotiated."""
    if media_type == YAML:
        return StreamingResponse(_yaml(body), code, media_type=YAML)
    text = encodable(encoded(body, pretty=wants_pretty(request)))
    return Response(text, code, media_type=media_type)


def refused(request: Request, error: StatusError) -> Response:
    """A refusal as an answer."""
    return rendered(request, error.body(), error.code)
