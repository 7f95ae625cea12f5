"""The body of a request: JSON, YAML or protobuf, and Go's words for what cannot be read.

Source: apimachinery's serializers; kubernetes, apiserver/pkg/endpoints/handlers/rest.go.
"""

from __future__ import annotations

import asyncio
import json
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from starlette.requests import Request

from irsa_sandbox.apiserver.ground import go_json
from irsa_sandbox.apiserver.ground.status import StatusError, bad_request
from irsa_sandbox.apiserver.requests import protobuf
from irsa_sandbox.apiserver.requests.requests import content_type
from irsa_sandbox.apiserver.structure import patches
from irsa_sandbox.bodies import TooLargeError, limited_body
from irsa_sandbox.values.texts import encodable, is_encodable

READABLE = f"application/json, application/yaml, {protobuf.CONTENT_TYPE}"
LARGEST_BODY = 3 * 1024 * 1024
# Our own limit for reviews: every known caller may send one, and nothing is stored.
SHORT_BODY = 128 * 1024
SMALL_BODY = 64 * 1024  # decoded in a millisecond or two
DEEPEST = 100  # nested objects and lists; our reading: no kind has a fifth of that
SHOWN_CHARACTERS = 30


@dataclass(frozen=True)
class Body:
    """What a request's body says, and the members that it says twice."""

    value: Any
    duplicates: list[str] = field(default_factory=list)


async def raw_body(request: Request, most: int = LARGEST_BODY) -> bytes:
    """The body's bytes, unpacked. Raises StatusError 413 for more than `most`, or 400."""
    if not hasattr(request.state, "raw_body"):
        try:
            packed = await limited_body(request.scope, request.receive, most)
        except TooLargeError as error:
            raise _too_large(most) from error
        zipped = request.headers.get("content-encoding") == "gzip"
        request.state.raw_body = _unpacked(packed, most) if zipped else packed
    raw: bytes = request.state.raw_body
    return raw


def _unpacked(packed: bytes, most: int) -> bytes:
    """What gzip packed; unpacking stops where it becomes larger than the largest body."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        raw = reader.decompress(packed, most + 1)
    except zlib.error as error:
        raise bad_request(f"error reading gzip body: {error}") from error
    if len(raw) > most:
        raise _too_large(most)
    if not reader.eof:
        raise bad_request("error reading gzip body: unexpected EOF")
    return raw


def _too_large(most: int) -> StatusError:
    text = f"Request entity too large: limit is {most}"
    return StatusError(413, "RequestEntityTooLarge", text, {})


async def decoded_body(request: Request, kind: str = "", most: int = LARGEST_BODY) -> Body:
    """The decoded body, an object of that kind by default. Raises StatusError 400, 413 or 415."""
    raw = await raw_body(request, most)
    media_type = content_type(request)
    if media_type == protobuf.CONTENT_TYPE:
        return Body(protobuf.decode(raw))
    if media_type.endswith("yaml"):
        return await _beside_the_loop(raw, _yaml, kind)
    if media_type.endswith("json"):
        return await _beside_the_loop(raw, _json, kind, media_type)
    text = "the body of the request was in an unknown format - accepted media types include: "
    listed = patches.ACCEPTED if request.method == "PATCH" else READABLE
    raise StatusError(415, "UnsupportedMediaType", text + listed)


async def _beside_the_loop(raw: bytes, decode: Callable[..., Body], *rest: str) -> Body:
    """What `decode` makes of a body; a large one does not keep others waiting."""
    if len(raw) <= SMALL_BODY:
        return decode(raw, *rest)
    return await asyncio.to_thread(decode, raw, *rest)


def _members(pairs: list[tuple[str, Any]]) -> _Members:
    members = _Members(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        members.twice = [n for n, _ in pairs if n in seen or seen.add(n)]  # type: ignore[func-returns-value]
    return members


def _json(raw: bytes, kind: str, media_type: str) -> Body:
    duplicates: list[str] = []
    text = raw.decode("utf-8", "replace")
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_constant=_no_number, parse_float=_finite
        )
        value = checked_value(value, len(raw))
    except (ValueError, RecursionError) as error:
        fault = go_json.syntax_fault(text) or str(error)
        if media_type in patches.TYPES:
            raise bad_request(_patch_fault(fault)) from error
        raise _unrecognized(raw, kind, f"json parse error: {fault}") from error
    duplicates += _twice(value, "")
    return Body(value, duplicates)


class _Members(dict[str, Any]):
    """A JSON object that remembers which members it was given twice."""

    twice: list[str] = []  # noqa: RUF012 - replaced for each object that has any


def _no_number(constant: str) -> float:
    raise ValueError(f"invalid character {constant[0]!r} looking for beginning of value")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return number


def checked_value(value: Any, size: int) -> Any:
    """A decoded value whose texts can all be encoded: half a surrogate pair becomes U+FFFD, as Go
    reads it. `size` is that of the body in bytes.

    Raises ValueError for one that is nested too deeply, or that aliases make larger than its text.
    """
    left = size + 1

    def mended(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError("document contains excessive aliasing")
        if depth > DEEPEST:
            raise ValueError(go_json.DEEP)
        if isinstance(value, str):
            return encodable(value)
        if isinstance(value, dict):
            for name in [n for n in value if isinstance(n, str) and not is_encodable(n)]:
                value[encodable(name)] = value.pop(name)
            for name, member in value.items():
                value[name] = mended(member, depth + 1)
        elif isinstance(value, list):
            value[:] = [mended(member, depth + 1) for member in value]
        return value

    return mended(value, 0)


def _twice(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Members):
        for name in value.twice:
            yield f"{path}.{name}" if path else name
        for name, member in value.items():
            yield from _twice(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _twice(item, f"{path}[{index}]")


def _patch_fault(fault: str) -> str:
    return f"error decoding patch: {fault}"


def _yaml(raw: bytes, kind: str) -> Body:
    try:
        return Body(checked_value(yaml.load(raw, _Loader), len(raw)))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        said = f"error converting YAML to JSON: yaml: {line}{getattr(error, 'problem', error)}"
        raise _unrecognized(raw, kind, f"json parse error: {said}") from error


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as sigs.k8s.io/yaml reads it: times stay the texts that they are."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
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
        type_name = go_json.type_name(value[wrong])
        said = f"json parse error: json: cannot unmarshal {type_name} into Go struct field "
        said += f".{wrong} of type string"
    raise _unrecognized(json.dumps(value, separators=(",", ":")).encode(), kind, said)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)
