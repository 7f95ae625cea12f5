"""Requests in protobuf: kubectl sends its typed `create` commands in no other form.

Only requests are read, and only the fields that kubectl's commands set; answers are JSON, which
kubectl accepts.
Source of the envelope: apimachinery, runtime.Unknown ("k8s" and a zero byte, then the message).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiserver.ground.status import bad_request
from irsa_sandbox.apiserver.requests.protobuf_messages import MESSAGES

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
_VARINT, _I64, _LENGTH, _I32 = 0, 1, 2, 5


def decode(body: bytes) -> dict[str, Any]:
    """The object of a protobuf request body. Raises StatusError 400 for one it cannot read."""
    if not body.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message")
    try:
        envelope = _message("Unknown", body[len(MAGIC) :])
        kind = envelope["typeMeta"]["kind"]
        if kind not in MESSAGES:
            raise bad_request(f"the sandbox reads no {kind} in protobuf; send it as JSON or YAML")
        raw = base64.b64decode(envelope.get("raw", ""))
        return {**envelope["typeMeta"], **_message(kind, raw)}
    except (IndexError, KeyError, UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"the protobuf message cannot be read: {error}") from error


def _message(name: str, body: bytes) -> dict[str, Any]:
    fields = MESSAGES[name]
    message: dict[str, Any] = {}
    for number, wire, raw in _wire(body):
        if number in fields:
            member, _, form = fields[number].partition(":")
            if member:
                _put(message, member, form, wire, raw)
            else:
                # Go embeds that struct: in JSON its members stand among those around it.
                message |= _message(form, raw)
    return message


def _put(message: dict[str, Any], member: str, form: str, wire: int, raw: Any) -> None:
    if form.startswith("["):
        message.setdefault(member, []).append(_value(form[1:-1], wire, raw))
    elif form.startswith("{"):
        entry = {number: part for number, _, part in _wire(raw)}
        key = entry.get(1, b"").decode()
        message.setdefault(member, {})[key] = _value(form[1:-1], _LENGTH, entry.get(2, b""))
    else:
        value = _value(form, wire, raw)
        # An empty text is how a typed client says "not set".
        if value not in ("", None):
            message[member] = value


def _value(form: str, wire: int, raw: Any) -> Any:
    if form == "s":
        return raw.decode()
    if form == "y":
        return base64.b64encode(raw).decode()
    if form == "b":
        return bool(raw)
    if form == "i":
        return raw - (1 << 64) if raw >> 63 else raw
    if form == "t":
        seconds = _message("Time", raw).get("seconds")
        return stamp(datetime.fromtimestamp(seconds, UTC)) if seconds else None
    if form == "q":
        return _message("Quantity", raw).get("string", "0")
    if form == "x":
        either = _message("IntOrString", raw)
        return either.get("strVal", "") if either.get("type") else either.get("intVal", 0)
    return _message(form, raw)


def _wire(body: bytes) -> Iterator[tuple[int, int, Any]]:
    """(field number, wire type, value) of each field. Source: protobuf's encoding document."""
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(body, at)
            yield number, wire, value
            continue
        if wire == _LENGTH:
            size, at = _varint(body, at)
        elif wire in (_I64, _I32):
            size = 8 if wire == _I64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(body):
            raise ValueError("the message is cut short")
        yield number, wire, body[at : at + size]
        at += size


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
