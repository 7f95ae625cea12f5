"""botocore's service models: which operation a request names, and with which parameters.

The routing and parsing is moto's; it is loaded with the rest of moto, when the sandbox starts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import ParseError

_PARSER_ERRORS = (
    *(ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError),
    ParseError,
)


class UnreadableError(Exception):
    """The body or a parameter is not of the form that the operation's model asks for."""


@cache
def service_model(service: str) -> Any:
    """botocore's model of a service."""
    from moto.core.utils import get_service_model

    return get_service_model(service)


def protocol(service: str) -> str:
    """How the service's clients speak: `query`, `json`, `rest-json`, `rest-xml` or `json-query`.

    The last is JSON with the errors of the query protocol. Source: Smithy, trait
    `aws.protocols#awsQueryCompatible`.
    """
    about = service_model(service).metadata
    return "json-query" if "awsQueryCompatible" in about else str(about["protocol"])


def json_version(service: str) -> str:
    """Of a JSON service the protocol's version, 1.0 or 1.1."""
    return str(service_model(service).metadata.get("jsonVersion", ""))


def target_prefix(service: str) -> str:
    """What a JSON service's `X-Amz-Target` has before the operation; empty for another service."""
    return str(service_model(service).metadata.get("targetPrefix", ""))


def xml_namespace(service: str) -> str:
    """The namespace of a service's XML."""
    return str(service_model(service).metadata["xmlNamespace"])


def has_raw_answer(service: str, operation: str) -> bool:
    """Whether the answer's body is the caller's own bytes, such as an object's."""
    return bool(service_model(service).operation_model(operation).has_streaming_output)


@cache
def regions(service: str) -> frozenset[str]:
    """The regions in which a service has an endpoint, in the partition `aws`."""
    from botocore.session import get_session

    return frozenset(get_session().get_available_regions(service))


def has_operation(service: str, name: str) -> bool:
    """Whether the service has that operation."""
    return name in service_model(service).operation_names


def route(
    service: str, method: str, path: str, query: str, headers: Mapping[str, str]
) -> tuple[str, dict[str, Any]] | None:
    """The operation that a REST request names and its path parameters, or None."""
    from moto.core.request import Request
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import NotFound

    url = f"http://127.0.0.1{path}" + (f"?{query}" if query else "")
    shown = {name: value for name, value in headers.items() if name.startswith("x-amz-")}
    try:
        request = Request.from_primitives(method, url, shown)
        operation, parameters = get_service_router(service).match(request)
    except (NotFound, *_PARSER_ERRORS):
        return None
    return operation.name, parameters


def parameters(
    service: str,
    operation: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    path_parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """The parameters by their names in the model. Raises UnreadableError."""
    from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
    from werkzeug.datastructures import Headers, MultiDict

    model = service_model(service).operation_model(operation)
    spoken = protocol(service).removesuffix("-query")
    fields = body.decode("utf-8", "replace") if spoken == "query" else query
    try:
        parsed = PROTOCOL_PARSERS[spoken](model).parse(
            {
                "method": "POST",
                "values": MultiDict(parse_qsl(fields, keep_blank_values=True)),
                "headers": Headers(list(headers.items())),
                "body": body,
                "url_path": "/",
                "url_params": dict(path_parameters),
            }
        )
    except (RequestParserError, *_PARSER_ERRORS) as error:
        raise UnreadableError(str(error)) from error
    return {name: value for name, value in parsed.items() if value is not None}


@cache
def rest_parts(service: str, operation: str) -> tuple[frozenset[str], frozenset[str]]:
    """The query keys that belong to a REST operation, and the headers."""
    model = service_model(service).operation_model(operation)
    _, _, constants = model.http["requestUri"].partition("?")
    query = {name for name, _ in parse_qsl(constants, keep_blank_values=True)}
    headers = set()
    for name, shape in (model.input_shape.members if model.input_shape else {}).items():
        location = shape.serialization.get("location")
        wire_name = shape.serialization.get("name", name)
        if location == "querystring":
            query.add(wire_name)
        elif location in ("header", "headers"):
            headers.add(wire_name.lower())
    return frozenset(query - {"x-id"}), frozenset(headers)


_READS = re.compile(
    r"(Get|List|Describe|Head|Query$|Scan$|BatchGet|TransactGet|Simulate|SelectObject)"
)


def is_read(operation: str) -> bool:
    """Whether an operation changes nothing, by its name."""
    return _READS.match(operation) is not None
