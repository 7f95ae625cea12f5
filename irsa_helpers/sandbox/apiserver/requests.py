"""Reading a request: which resource it is about, what it selects, what its body says.

Source: Kubernetes API concepts, "Resource URIs".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import Response

from irsa_helpers.sandbox.apiserver import protobuf, watch
from irsa_helpers.sandbox.apiserver.objects import Target
from irsa_helpers.sandbox.apiserver.rbac import Attributes
from irsa_helpers.sandbox.apiserver.resources import BY_PATH, Resource
from irsa_helpers.sandbox.apiserver.selectors import field_selector, label_selector
from irsa_helpers.sandbox.apiserver.status import StatusError, bad_request

VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
PATH = re.compile(
    r"^/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/])(?!/(?:finalize|status)/?$))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?/?$"
)
SUBRESOURCES = {"status", "scale", "token", "log", "exec", "binding", "eviction", "finalize"}


def warned(response: Response, warnings: list[str]) -> Response:
    """The response with a Warning header for each warning. Source: RFC 7234, section 5.5."""
    for warning in warnings:
        text = warning.replace('"', '\\"')
        response.headers.append("warning", f'299 - "{text}"')
    return response


def header_items(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(headers.items())


def resource_of(found: re.Match[str]) -> Resource | None:
    group, version = found["group"] or "", found["version"] or found["core"]
    return BY_PATH.get((group, version, found["plural"]))


def attributes_of(request: Request, target: Target) -> Attributes:
    verb = VERBS[request.method]
    if not target.name:
        verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    if request.query_params.get("watch") in {"true", "1"}:
        verb = "watch"
    resource = target.resource
    return Attributes(
        verb,
        resource.group,
        resource.plural,
        target.subresource,
        target.namespace,
        target.name,
    )


def place_of(target: Target) -> tuple[str, str | None]:
    return target.resource.qualified, target.namespace or None


def selector_of(request: Request, name: str = "") -> watch.Selector:
    query = request.query_params
    tests = [
        label_selector(query.get("labelSelector", "")),
        field_selector(query.get("fieldSelector", "")),
    ]
    if name:
        tests.append(lambda body: body["metadata"]["name"] == name)
    return lambda body: all(test(body) for test in tests)


def wants_table(request: Request) -> bool:
    return "as=Table" in request.headers.get("accept", "").partition(",")[0]


async def decoded_body(request: Request) -> Any:
    """The decoded body. Raises StatusError 400 or 415."""
    raw = await request.body()
    kind = request.headers.get("content-type", "application/json").partition(";")[0]
    try:
        if kind == protobuf.CONTENT_TYPE:
            return protobuf.decode(raw)
        if kind.endswith("json"):
            return json.loads(raw)
        if kind.endswith("yaml"):
            return yaml.safe_load(raw)
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from error
    accepted = f"application/json, application/yaml, {protobuf.CONTENT_TYPE}"
    raise StatusError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        f"{accepted}",
    )
