"""The partition keys that a call of DynamoDB touches: the condition key `dynamodb:LeadingKeys`.

Source: DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control".
A Scan has no leading keys, so a policy must not allow it by `ForAllValues` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from irsa_sandbox.aws.wire.invocations import Invocation

# Stands for a key that cannot be read from the call: no policy names it.
UNREADABLE = "\x00"


def of(invocation: Invocation, table_name: str, content: dict[str, Any]) -> list[str]:
    """The partition keys in one part of a call, as text; none where the call has none."""
    attribute = _partition_key(invocation, table_name, content.get("IndexName"))
    if attribute is None:
        return []
    if invocation.operation == "Query":
        return [_of_query(attribute, content)]
    return [_text(item.get(attribute)) for item in _items(content)]


def _items(content: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The items or keys in a part of a call."""
    for name in ("Key", "Item"):
        if isinstance(content.get(name), dict):
            yield content[name]
    for key in content.get("Keys") or []:
        if isinstance(key, dict):
            yield key


def _of_query(attribute: str, content: dict[str, Any]) -> str:
    """The value that a query compares the partition key with."""
    conditions = content.get("KeyConditions")
    if isinstance(conditions, dict) and isinstance(conditions.get(attribute), dict):
        values = conditions[attribute].get("AttributeValueList") or [None]
        return _text(values[0])
    names = content.get("ExpressionAttributeNames") or {}
    aliases = [attribute, *(alias for alias, name in names.items() if name == attribute)]
    wanted = "|".join(map(re.escape, aliases))
    expression = str(content.get("KeyConditionExpression", ""))
    placeholders = re.findall(rf"(?<![\w#.])(?:{wanted})\s*=\s*(:[\w-]+)", expression)
    values = content.get("ExpressionAttributeValues") or {}
    return _text(values.get(placeholders[0])) if len(placeholders) == 1 else UNREADABLE


def _text(value: Any) -> str:
    """An attribute value such as `{"S": "user-1"}` as text."""
    if isinstance(value, dict) and len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, str):
            return inner
    return UNREADABLE


def _partition_key(invocation: Invocation, table_name: str, index_name: str | None) -> str | None:
    """The name of the partition key of a table or of its index, None where there is none."""
    from moto.dynamodb.models import dynamodb_backends

    backend = dynamodb_backends[invocation.account_id][invocation.region]
    table = backend.tables.get(table_name.rpartition("/")[2])
    if table is None:
        return None
    indexes = [*table.indexes, *table.global_indexes]
    index = next((it for it in indexes if it.name == index_name), None)
    schema = index.schema if index is not None else table.schema
    return next((key["AttributeName"] for key in schema if key["KeyType"] == "HASH"), None)
