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
from irsa_helpers.sandbox.apiserver.authn import User
from irsa_helpers.sandbox.apiserver.managed_fields import Manager
from irsa_helpers.sandbox.apiserver.objects import Target, Writer
from irsa_helpers.sandbox.apiserver.patches import APPLY
from irsa_helpers.sandbox.apiserver.rbac import Attributes
from irsa_helpers.sandbox.apiserver.resources import BY_PATH, Resource
from irsa_helpers.sandbox.apiserver.selectors import field_selector, label_selector
from irsa_helpers.sandbox.apiserver.status import StatusError, bad_request, invalid

VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
PATH = re.compile(
    r"^/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/])(?!/(?:finalize|status)/?$))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?/?$"
)
PATCH_OPTIONS = Resource("meta.k8s.io", "v1", "patchoptions", "PatchOptions")
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
    if is_watch(request):
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


def is_watch(request: Request) -> bool:
    return request.query_params.get("watch") in {"true", "1"}


def content_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0]


def writer_of(request: Request, user: User) -> Writer:
    """Who writes; the manager is `fieldManager`, or the client's name in its User-Agent.

    Raises StatusError 422 for a server-side apply without `fieldManager`.
    """
    query = request.query_params
    applies = request.method == "PATCH" and content_type(request) == APPLY
    name = query.get("fieldManager", "")
    if applies and not name:
        cause = (
            "FieldValueRequired",
            "fieldManager",
            "Required value: is required for apply patch",
        )
        raise invalid(PATCH_OPTIONS, "", [cause])
    agent = request.headers.get("user-agent", "").partition("/")[0]
    manager = Manager(name or agent[:128] or "unknown")
    return Writer(user, manager, dry_run=query.get("dryRun") == "All", applies=applies)


async def decoded_body(request: Request, expected_kind: str = "") -> Any:
    """The decoded body. Raises StatusError 400 or 415."""
    raw = await request.body()
    kind = content_type(request)
    try:
        if kind == protobuf.CONTENT_TYPE:
            return protobuf.decode(raw)
        if kind.endswith("json"):
            return json.loads(raw)
        if kind.endswith("yaml"):
            return yaml.safe_load(raw)
    except (ValueError, yaml.YAMLError) as error:
        must = f" (must be of type {expected_kind})" if expected_kind else ""
        raise bad_request(
            f"the object provided is unrecognized{must}: couldn't get version/kind; json parse "
            f"error: {error}"
        ) from error
    accepted = f"application/json, application/yaml, {protobuf.CONTENT_TYPE}"
    raise StatusError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        f"{accepted}",
    )
