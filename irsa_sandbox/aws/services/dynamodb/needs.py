"""What DynamoDB's operations ask permission for.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
DynamoDB".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.services.dynamodb import leading_keys
from irsa_sandbox.aws.wire.invocations import Invocation

_TABLE_OPERATIONS = {
    *("CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"),
    *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
    *("DescribeTimeToLive", "UpdateTimeToLive", "DescribeContinuousBackups"),
    "UpdateContinuousBackups",
}
_ACCOUNT_OPERATIONS = {"DescribeLimits", "DescribeEndpoints"}
_TAG_OPERATIONS = {"TagResource", "UntagResource", "ListTagsOfResource"}
_TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def of(invocation: Invocation) -> list[Need] | None:
    """The permissions that a call of DynamoDB needs."""
    operation, parameters = invocation.operation, invocation.parameters
    if operation in _ACCOUNT_OPERATIONS:
        return [Need(f"dynamodb:{operation}", "*", "*")]
    if operation == "ListTables":
        return [_table(invocation, "ListTables", "*")]
    if operation in _TAG_OPERATIONS:
        arn = str(parameters.get("ResourceArn", ""))
        return [Need(f"dynamodb:{operation}", arn, arn)]
    if operation in ("BatchGetItem", "BatchWriteItem"):
        tables = parameters.get("RequestItems") or {}
        return [
            _table(invocation, operation, name, *_batch(content))
            for name, content in tables.items()
        ]
    if operation in ("TransactGetItems", "TransactWriteItems"):
        return [
            _table(invocation, action, str(part.get("TableName", "")), part)
            for action, part in _transaction(parameters.get("TransactItems") or [])
        ]
    if operation in _TABLE_OPERATIONS:
        name = str(parameters.get("TableName", ""))
        return [_table(invocation, operation, name, parameters)]
    return None


def _table(invocation: Invocation, action: str, name: str, *contents: dict[str, Any]) -> Need:
    """A permission on a table, or on the index of it that the call names."""
    place = f"arn:aws:dynamodb:{invocation.region}:{invocation.account_id}:table/"
    arn = name if name.startswith("arn:") else place + name
    if index := invocation.parameters.get("IndexName"):
        arn = f"{arn}/index/{index}"
    context: dict[str, str | list[str]] = {}
    if "Select" in invocation.parameters:
        context["dynamodb:Select"] = str(invocation.parameters["Select"])
    if keys := [key for part in contents for key in leading_keys.of(invocation, name, part)]:
        context["dynamodb:LeadingKeys"] = keys
    return Need(f"dynamodb:{action}", arn, arn, context)


def _batch(content: Any) -> list[dict[str, Any]]:
    """The keys and items of one table in a batch."""
    if isinstance(content, dict):
        return [content]
    requests = [it for it in content or [] if isinstance(it, dict)]
    return [inner for request in requests for inner in request.values() if isinstance(inner, dict)]


def _transaction(items: Iterable[Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for item in items:
        for name, content in (item or {}).items():
            if name in _TRANSACTION_ACTIONS and isinstance(content, dict):
                yield _TRANSACTION_ACTIONS[name], content
