"""Which operation a request names: of which service, with which parameters.

The service is the one that the signature is scoped to; the operation is read by the service's
protocol, as botocore's model describes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.wire import models
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import (
    TARGETS,
    Invocation,
    json_headers,
    object_path,
    query_invocation,
)
from irsa_sandbox.aws.wire.messages import HttpRequest

# Services that are in a region, by the name under which botocore lists their endpoints.
REGIONAL = {name: name for name in ("s3", "dynamodb", "secretsmanager", "eks")} | {
    "eks-auth": "eks"
}
# Ours: lists of IAM have 50 to 100 members, and reading them costs the square of the fields.
MOST_FIELDS = 600
_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
# Headers of a request that moto reads beside those in the model of the operation.
_S3_HEADERS = frozenset(
    {"content-length", "content-type", "content-md5", "content-encoding", "x-amz-content-sha256"}
    | {"x-amz-decoded-content-length", "x-amz-trailer", "x-amz-sdk-checksum-algorithm"}
    | {f"x-amz-checksum-{name}" for name in ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")}
)


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


def protocol_of(service: str, request: HttpRequest) -> str:
    """The protocol in which the client of that service expects its answer."""
    if service in models.PROTOCOLS:
        return models.PROTOCOLS[service]
    if request.header("content-type").startswith("application/x-www-form-urlencoded"):
        return "ec2"
    return "json" if request.header("x-amz-target") else "rest-json"


def identify(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    """The call that a request makes. Raises AwsError where it names none."""
    protocol = models.PROTOCOLS.get(service)
    if service in REGIONAL and region not in models.regions(REGIONAL[service]):
        text = f"Credential should be scoped to a valid region, not '{region}'."
        raise common_error("mismatch", protocol_of(service, request), text)
    if protocol == "query":
        return _query(request, service, region, account_id)
    if protocol == "json":
        return _json(request, service, region, account_id)
    if protocol == "rest-xml":
        return _s3(request, region, account_id)
    if protocol == "rest-json":
        return _rest_json(request, service, region, account_id)
    raise common_error(
        "not-implemented",
        protocol_of(service, request),
        f"The sandbox does not implement the service {service}. It has "
        f"{', '.join(sorted(models.PROTOCOLS))}.",
    )


def restore(entry: dict[str, Any]) -> Invocation:
    """The call of a journal entry, with its parameters."""
    bare = Invocation.from_entry(entry)
    service, protocol = bare.service, models.PROTOCOLS[bare.service]
    if protocol in ("query", "json"):
        path_parameters: dict[str, Any] = {}
    else:
        routed = models.route(service, bare.method, bare.path, bare.query, dict(bare.headers))
        path_parameters = routed[1] if routed else {}
    return replace(bare, parameters=_parameters(bare, path_parameters))


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
    bare = query_invocation(service, action, region, account_id, wanted)
    return with_parameters(bare)


def _json(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    target, _, action = request.header("x-amz-target").rpartition(".")
    if target != TARGETS[service] or not models.has_operation(service, action):
        raise AwsError("UnknownOperationException", 400, "")
    body = _canonical_json(request.body)
    bare = Invocation(
        service, action, region, account_id, headers=json_headers(service, action), body=body
    )
    return with_parameters(bare)


def s3_operation(request: HttpRequest) -> str:
    """The operation of S3 that a request's head names; empty where it names none."""
    routed = models.route("s3", request.method, request.path, request.query, request.named)
    return routed[0] if routed else ""


def _s3(request: HttpRequest, region: str, account_id: str) -> Invocation:
    routed = models.route("s3", request.method, request.path, request.query, request.named)
    if routed is None:
        raise AwsError(
            "MethodNotAllowed", 405, "The specified method is not allowed against this resource."
        )
    operation, labels = routed
    bucket = labels.get("Bucket", "")
    if bucket and not _BUCKET_NAME.fullmatch(bucket):
        raise AwsError("InvalidBucketName", 400, "The specified bucket is not valid.")
    query, headers = models.rest_parts("s3", operation)
    bare = Invocation(
        "s3",
        operation,
        region,
        account_id,
        request.method,
        object_path(bucket, labels.get("Key", "")),
        _kept_query(request.query, query),
        _kept_headers(request.headers, headers | _S3_HEADERS),
        request.body,
    )
    return with_parameters(bare, labels)


def _rest_json(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    routed = models.route(service, request.method, request.path, request.query, request.named)
    if routed is None:
        raise AwsError("UnknownOperationException", 404, "")
    operation, labels = routed
    query, _ = models.rest_parts(service, operation)
    bare = Invocation(
        service,
        operation,
        region,
        account_id,
        request.method,
        quote(unquote(request.path), safe="/:"),
        _kept_query(request.query, query),
        (("content-type", "application/json"),),
        _canonical_json(request.body) if request.body else b"",
    )
    return with_parameters(bare, labels)


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


def _kept_query(query: str, names: frozenset[str]) -> str:
    """The parts of a query string that belong to the operation."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if name in names], quote_via=quote)


def _kept_headers(
    headers: Iterable[tuple[str, str]], names: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """The headers that belong to the operation, and those of an object's metadata."""
    return tuple(
        (name, value) for name, value in headers if name in names or name.startswith("x-amz-meta-")
    )


def with_parameters(bare: Invocation, labels: dict[str, Any] | None = None) -> Invocation:
    """The call with its parameters read from its body, query and path. Raises AwsError."""
    try:
        found = _parameters(bare, labels or {})
    except models.UnreadableError as error:
        raise _unreadable(bare.service, error) from error
    return replace(bare, parameters=found)


def _parameters(bare: Invocation, labels: dict[str, Any]) -> dict[str, Any]:
    return models.parameters(
        bare.service, bare.operation, bare.query, dict(bare.headers), bare.body, labels
    )


def _unreadable(service: str, error: Exception) -> AwsError:
    """The refusal of a body that does not parse."""
    if service == "s3":
        text = (
            "The XML you provided was not well-formed or did not validate against our "
            "published schema"
        )
        return AwsError("MalformedXML", 400, text, explanation=str(error))
    code = "MalformedInput" if models.PROTOCOLS[service] == "query" else "SerializationException"
    return AwsError(code, 400, "", explanation=str(error))
