"""Which operation a request names, with which parameters, read by the protocol of the service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.wire import models
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import Invocation, json_headers, query_invocation
from irsa_sandbox.aws.wire.messages import HttpRequest

# Ours: lists of IAM have 50 to 100 members, and reading them costs the square of the fields.
MOST_FIELDS = 600
# A request for a service in a region, by an account, as the call that it makes.
Reader = Callable[[HttpRequest, str, str, str], Invocation]


def form_fields(request: HttpRequest) -> dict[str, str]:
    """The fields of a query-protocol request. Raises AwsError where a name occurs twice."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    if request.method == "POST":
        text = request.body.decode("utf-8", "replace")
        pairs += parse_qsl(text, keep_blank_values=True, max_num_fields=None)
    if len(pairs) > MOST_FIELDS:
        text = f"The request has {len(pairs)} fields; at most {MOST_FIELDS} are read."
        raise AwsError("MalformedInput", 400, text)
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise AwsError("MalformedInput", 400, f"Duplicate parameter name: {name}")
        fields[name] = value
    return fields


def restore(entry: dict[str, Any]) -> Invocation:
    """The call of a journal entry, with its parameters."""
    bare = Invocation.from_entry(entry)
    labels: dict[str, Any] = {}
    if models.protocol(bare.service).startswith("rest-"):
        routed = models.route(bare.service, bare.method, bare.path, bare.query, dict(bare.headers))
        labels = routed[1] if routed else {}
    return replace(bare, parameters=_parameters(bare, labels))


def _query(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    fields = form_fields(request)
    action = fields.pop("Action", "")
    version = fields.pop("Version", "")
    if not action:
        raise AwsError("MissingAction", 400, "Could not find operation in the request")
    if not models.has_operation(service, action):
        text = f"Could not find operation {action} for version {version or 'NO_VERSION_SPECIFIED'}"
        raise AwsError("InvalidAction", 400, text)
    wanted = {name: value for name, value in fields.items() if not name.startswith("X-Amz-")}
    return with_parameters(query_invocation(service, action, region, account_id, wanted))


def _json(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    target, _, action = request.header("x-amz-target").rpartition(".")
    if target != models.target_prefix(service) or not models.has_operation(service, action):
        raise AwsError("UnknownOperationException", 400, "")
    headers, body = json_headers(service, action), _canonical_json(request.body)
    bare = Invocation(service, action, region, account_id, headers=headers, body=body)
    return with_parameters(bare)


def _rest_json(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    routed = models.route(service, request.method, request.path, request.query, request.named)
    if routed is None:
        raise AwsError("UnknownOperationException", 404, "")
    operation, labels = routed
    names, _ = models.rest_parts(service, operation)
    bare = Invocation(
        service,
        operation,
        region,
        account_id,
        request.method,
        quote(unquote(request.path), safe="/:"),
        kept_query(request.query, names),
        (("content-type", "application/json"),),
        _canonical_json(request.body) if request.body else b"",
    )
    return with_parameters(bare, labels)


# protocol -> its reader. A service of another protocol (S3's) brings one of its own.
READERS: dict[str, Reader] = {
    "query": _query,
    "json": _json,
    "json-query": _json,
    "rest-json": _rest_json,
}


def _canonical_json(body: bytes) -> bytes:
    """The JSON object of a body, written anew. Raises AwsError where it is none."""
    try:
        content = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", 400, "") from error
    if not isinstance(content, dict):
        raise AwsError(
            "SerializationException", 400, "Start of structure or map found where not expected."
        )
    return json.dumps(content).encode()


def kept_query(query: str, names: frozenset[str]) -> str:
    """The parts of a query string that belong to the operation."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if name in names], quote_via=quote)


def kept_headers(
    headers: Iterable[tuple[str, str]], names: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """The headers that belong to the operation, and those of an object's metadata."""
    return tuple(
        (name, value) for name, value in headers if name in names or name.startswith("x-amz-meta-")
    )


def with_parameters(bare: Invocation, labels: dict[str, Any] | None = None) -> Invocation:
    """The call with its parameters read from its body, query and path. Raises AwsError."""
    try:
        return replace(bare, parameters=_parameters(bare, labels or {}))
    except models.UnreadableError as error:
        protocol = models.protocol(bare.service)
        raise common_error("unreadable", protocol, explanation=str(error)) from error


def _parameters(bare: Invocation, labels: dict[str, Any]) -> dict[str, Any]:
    return models.parameters(
        bare.service, bare.operation, bare.query, dict(bare.headers), bare.body, labels
    )
