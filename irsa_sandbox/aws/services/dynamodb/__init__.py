"""DynamoDB.

Source: DynamoDB API, botocore dynamodb/2012-08-10.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from irsa_sandbox.aws.decisions.need import Rules
from irsa_sandbox.aws.services.dynamodb import needs
from irsa_sandbox.aws.services.record import Effect, Entry, Service

Place = tuple[str, str, str]  # of a table: account, region, name
_ITEM_IN = {"PutItem": "Item", "DeleteItem": "Key", "UpdateItem": "Key"}


class _Journal:
    """Reads journal entries in order: tables are known from the entries that made them."""

    def __init__(self) -> None:
        self._keys: dict[Place, list[str]] = {}

    def __call__(self, entry: Entry) -> Effect:
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

    def _item(self, operation: str, body: dict[str, Any], place: Place) -> tuple[str, ...] | None:
        """Table and key of the one item that is written."""
        names = self._keys.get(place)
        if names is None or operation not in _ITEM_IN:
            return None
        item = body[_ITEM_IN[operation]]
        return (*place, *(json.dumps(item.get(name)) for name in names))


SERVICE = Service(
    "dynamodb",
    endpoint="dynamodb",
    moto="moto.dynamodb.responses:DynamoHandler",
    rules=Rules(needs.of),
    journal=_Journal,
)
