"""The body of a request: JSON, YAML or protobuf, and Go's words for what cannot be read.

Source: apimachinery's serializers; kubernetes, apiserver/pkg/endpoints/handlers/rest.go.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from starlette.requests import Request

from irsa_helpers.sandbox.apiserver import go_json, patches, protobuf
from irsa_helpers.sandbox.apiserver.requests import content_type
from irsa_helpers.sandbox.apiserver.status import StatusError, bad_request

READABLE = f"application/json, application/yaml, {protobuf.CONTENT_TYPE}"
LARGEST_BODY = 3 * 1024 * 1024
SHOWN_CHARACTERS = 30


@dataclass(frozen=True)
class Body:
    """What a request's body says, and the members that it says twice."""

    value: Any
    duplicates: list[str] = field(default_factory=list)


async def raw_body(request: Request) -> bytes:
    """The body's bytes, unpacked. Raises StatusError 413 or 400."""
    raw = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise bad_request(f"error reading gzip body: {error}") from error
    if len(raw) > LARGEST_BODY:
        text = f"Request entity too large: limit is {LARGEST_BODY}"
        raise StatusError(413, "RequestEntityTooLarge", text, {})
    return raw


async def decoded_body(request: Request, kind: str = "") -> Body:
    """The decoded body, an object of that kind by default. Raises StatusError 400, 413 or 415."""
    raw = await raw_body(request)
    media_type = content_type(request)
    if media_type == protobuf.CONTENT_TYPE:
        return Body(protobuf.decode(raw))
    if media_type.endswith("yaml"):
        return _yaml(raw, kind)
    if media_type.endswith("json"):
        return _json(raw, kind, media_type)
    text = "the body of the request was in an unknown format - accepted media types include: "
    listed = patches.ACCEPTED if request.method == "PATCH" else READABLE
    raise StatusError(415, "UnsupportedMediaType", text + listed)


def _json(raw: bytes, kind: str, media_type: str) -> Body:
    duplicates: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> _Members:
        found = _Members(pairs)
        found.twice = [n for i, (n, _) in enumerate(pairs) if n in dict(pairs[:i])]
        return found

    try:
        value = json.loads(raw, object_pairs_hook=members)
    except (ValueError, RecursionError) as error:
        fault = go_json.syntax_fault(raw.decode("utf-8", "replace")) or str(error)
        if media_type in patches.TYPES:
            raise bad_request(_patch_fault(fault)) from error
        raise _unrecognized(raw, kind, f"json parse error: {fault}") from error
    duplicates += _twice(value, "")
    return Body(value, duplicates)


class _Members(dict[str, Any]):
    """A JSON object that remembers which members it was given twice."""

    twice: list[str] = []  # noqa: RUF012 - replaced for each object that has any


def _twice(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Members):
        for name in value.twice:
            yield f"{path}.{name}" if path else name
        for name, each in value.items():
            yield from _twice(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _twice(each, f"{path}[{index}]")


def _patch_fault(fault: str) -> str:
    return f"error decoding patch: {fault}"


def _yaml(raw: bytes, kind: str) -> Body:
    try:
        return Body(yaml.load(raw, _Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        said = f"error converting YAML to JSON: yaml: {line}{getattr(error, 'problem', error)}"
        raise _unrecognized(raw, kind, f"json parse error: {said}") from error


class _Loader(yaml.SafeLoader):
    """YAML as sigs.k8s.io/yaml reads it: times stay the texts that they are."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _unrecognized(raw: bytes, kind: str, said: str) -> StatusError:
    must = f" (must be of type {kind})" if kind else ""
    return bad_request(
        f"the object provided is unrecognized{must}: couldn't get version/kind; {said} "
        f"({_summary(raw)})"
    )


def _summary(raw: bytes) -> str:
    """The start of a body, as text where it looks like JSON, else in hexadecimal digits."""
    if not raw:
        return "<empty>"
    part = raw[:SHOWN_CHARACTERS]
    shown = part.decode("utf-8", "replace") if raw.startswith(b"{") else part.hex()
    return f"{shown} ..." if len(raw) > SHOWN_CHARACTERS else shown


def object_body(body: Body, kind: str) -> dict[str, Any]:
    """The body as an object. Raises StatusError 400 where it is none, or names no kind by texts."""
    value = body.value
    said = f"json parse error: json: cannot unmarshal {go_json.type_name(value)} into Go value of "
    said += (
        'type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string '
        '"json:\\"kind,omitempty\\"" }'
    )
    if isinstance(value, dict):
        wrong = next((n for n in ("apiVersion", "kind") if not _is_text(value.get(n))), "")
        if not wrong:
            return value
        found = go_json.type_name(value[wrong])
        said = f"json parse error: json: cannot unmarshal {found} into Go struct field .{wrong} of "
        said += "type string"
    raise _unrecognized(json.dumps(value, separators=(",", ":")).encode(), kind, said)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)
