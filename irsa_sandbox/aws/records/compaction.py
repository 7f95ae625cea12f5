"""Which writes of a journal a later one has overwritten whole, so that they need no replay.

Looked at are the writes that are made by the thousand: of an S3 object in a bucket without
versions, and of a DynamoDB item. All else is kept, and nothing of its service is left out across
it, since it may depend on what was there (a copy, a table that is deleted, a bucket's versioning).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Entry = dict[str, Any]


@dataclass(frozen=True)
class Effect:
    """What an entry writes: one object or item, and whether whatever was there does not matter."""

    service: str
    written: tuple[str, ...] | None  # None: something else, or more than one thing
    overwrites: bool = False


class Reader:
    """Reads entries in order: tables and buckets are known from the entries that made them."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str], list[str]] = {}
        self._versioned: set[str] = set()

    def effect(self, entry: Entry) -> Effect:
        """What an entry writes."""
        if entry.get("service") == "s3":
            return self._s3(entry)
        if entry.get("service") == "dynamodb":
            return self._dynamodb(entry)
        return Effect(str(entry.get("service")), None)

    def _s3(self, entry: Entry) -> Effect:
        bucket, _, key = entry["path"].removeprefix("/").partition("/")
        headers = {name for name, _ in entry["headers"]}
        if entry["operation"] == "PutBucketVersioning" or any("object-lock" in h for h in headers):
            self._versioned.add(bucket)
        plain = entry["operation"] in {"PutObject", "DeleteObject"}
        if not plain or bucket in self._versioned:
            return Effect("s3", None)
        conditional = any(name.startswith("if-") for name in headers) or bool(entry["query"])
        return Effect("s3", (bucket, key), not conditional)

    def _dynamodb(self, entry: Entry) -> Effect:
        body = json.loads(base64.b64decode(entry["body"]))
        place = entry["account"], entry["region"], str(body.get("TableName"))
        if entry["operation"] == "CreateTable":
            self._keys[place] = [key["AttributeName"] for key in body["KeySchema"]]
        written = self._item(entry["operation"], body, place)
        if written is None:
            return Effect("dynamodb", None)
        conditional = "ConditionExpression" in body or "Expected" in body
        replaces = entry["operation"] in {"PutItem", "DeleteItem"}
        return Effect("dynamodb", written, replaces and not conditional)

    def _item(
        self, operation: str, body: dict[str, Any], place: tuple[str, str, str]
    ) -> tuple[str, ...] | None:
        """Table and key of the one item that is written."""
        names = self._keys.get(place)
        attributes = {"PutItem": "Item", "DeleteItem": "Key", "UpdateItem": "Key"}.get(operation)
        if names is None or attributes is None:
            return None
        return (*place, *(json.dumps(body[attributes].get(name)) for name in names))


def survivors(effects: Sequence[Effect]) -> list[bool]:
    """For each entry, whether it is needed: a later one does not overwrite all that it wrote."""
    kept: list[bool] = []
    overwritten: dict[str, set[tuple[str, ...]]] = {}
    for effect in reversed(effects):
        of_service = overwritten.setdefault(effect.service, set())
        kept.append(effect.written is None or effect.written not in of_service)
        if effect.written is None:
            of_service.clear()
        elif effect.overwrites:
            of_service.add(effect.written)
    return kept[::-1]
