"""Reading a request: which resource it is about, what it selects, who writes.

Source: Kubernetes API concepts, "Resource URIs".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.access.rbac import Attributes
from irsa_sandbox.apiserver.kinds import BY_PATH, Kind
from irsa_sandbox.apiserver.kinds.namespaces import NAMESPACE
from irsa_sandbox.apiserver.published.discovery import REVIEWS
from irsa_sandbox.apiserver.requests import watch
from irsa_sandbox.apiserver.requests.field_selectors import field_selector, selected_name
from irsa_sandbox.apiserver.requests.label_selectors import label_selector
from irsa_sandbox.apiserver.requests.options import check_change_options, truth
from irsa_sandbox.apiserver.requests.targets import Target
from irsa_sandbox.apiserver.requests.writers import Writer
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.managed_fields import Manager
from irsa_sandbox.apiserver.structure.patches import APPLY

# Reviews that are asked outside of namespaces: all but LocalSubjectAccessReview.
CLUSTER_REVIEWS = {
    (group, version, plural) for group, version, plural, _, namespaced in REVIEWS if not namespaced
}
VERBS = {
    **{"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch"},
    "DELETE": "delete",
}
# `watch/` in front is the older way to say `?watch=true`.
PATH = re.compile(
    r"^/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))(?P<watch>/watch(?=/))?"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/])(?!/(?:finalize|status)/?$))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?(?:/.*)?$"
)
MOST_WARNED, MOST_OF_ONE = 4_096, 256
CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # not allowed in a header


def warned(response: Response, warnings: list[str]) -> Response:
    """The response with a Warning header for each warning. Source: RFC 7234, section 5.5.

    Each is said once. Where together they are longer than 4,096 characters, each is cut to 256, and
    after 4,096 characters the others are left out. Source: apiserver, endpoints/filters/warning.go.
    """
    said = list(dict.fromkeys(warnings))
    if sum(map(len, said)) > MOST_WARNED:
        said = [warning[:MOST_OF_ONE] for warning in said]
    written = 0
    for warning in said:
        if written >= MOST_WARNED:
            break
        written += len(warning)
        text = CONTROL.sub("", warning).replace("\\", "\\\\").replace('"', '\\"')
        response.raw_headers.append((b"warning", f'299 - "{text}"'.encode()))
    return response


def header_items(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(headers.items())


def resource_of(matched: re.Match[str]) -> Kind | None:
    group, version = matched["group"] or "", matched["version"] or matched["core"]
    return BY_PATH.get((group, version, matched["plural"]))


def outside_of_its_place(matched: re.Match[str]) -> bool:
    """Whether a path puts a kind that has no namespace into one.

    Such a path is nowhere, and says so before anybody is authorised: the rights that somebody has
    in the namespace must not reach what stands outside of it.
    """
    if not matched["namespace"]:
        return False
    place = matched["group"] or "", matched["version"] or matched["core"], matched["plural"]
    resource = BY_PATH.get(place)
    return place in CLUSTER_REVIEWS or (resource is not None and not resource.namespaced)


def attributes_of(request: Request, matched: re.Match[str], target: Target | None) -> Attributes:
    """What the request asks for, whether or not there is such a resource."""
    name = target.name if target else matched["name"] or ""
    verb = VERBS.get(request.method, request.method.lower())
    if not name:
        verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    if verb in {"get", "list"} and is_watch(request):
        verb = "watch"
    namespace = target.namespace if target else matched["namespace"] or ""
    if matched["plural"] == NAMESPACE.plural and not matched["group"]:
        # A Namespace is in itself. Source: apiserver, pkg/endpoints/request/requestinfo.go.
        namespace = name
    if verb in {"list", "watch"} and not name:
        name = selected_name(request.query_params.get("fieldSelector", ""))
    return Attributes(
        verb,
        matched["group"] or "",
        matched["plural"],
        target.subresource if target else matched["subresource"] or "",
        namespace,
        name,
    )


def place_of(target: Target) -> tuple[str, str | None]:
    return target.resource.qualified, target.namespace or None


def selector_of(request: Request, resource: Kind, name: str = "") -> watch.Selector:
    """A test of objects by the request's selectors, and by the name in its path."""
    query = request.query_params
    has_labels = label_selector(query.get("labelSelector", ""))
    has_fields = field_selector(resource, query.get("fieldSelector", ""))

    def selects(body: Object) -> bool:
        metadata = body["metadata"]
        if name and metadata["name"] != name:
            return False
        return has_labels(metadata.get("labels") or {}) and has_fields(body)

    return selects


def is_watch(request: Request) -> bool:
    return bool(truth(request.query_params, "watch")) or "/watch/" in request.url.path


def content_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0].strip()


def writer_of(request: Request, user: User) -> Writer:
    """Who writes; the manager is `fieldManager`, or the client's name in its User-Agent.

    Raises StatusError 422 for options that are not allowed, such as a server-side apply without
    `fieldManager`.
    """
    query = request.query_params
    applies = request.method == "PATCH" and content_type(request) == APPLY
    check_change_options(query, request.method, applies=applies)
    agent = request.headers.get("user-agent", "").partition("/")[0]
    manager = Manager(query.get("fieldManager") or agent[:128] or "unknown")
    dry_run = "All" in query.getlist("dryRun")
    options: Object = {"dryRun": ["All"]} if dry_run else {}
    options |= {n: query[n] for n in ("fieldManager", "fieldValidation") if query.get(n)}
    return Writer(user, manager, dry_run, applies, options, warnings_of(request))


def deleter_of(request: Request, user: User, options: Object) -> Writer:
    """Who deletes, and with which DeleteOptions."""
    shown = {n: value for n, value in options.items() if n not in {"kind", "apiVersion"}}
    dry_run = bool(options.get("dryRun"))
    return Writer(user, Manager(""), dry_run, False, shown, warnings_of(request))


def warnings_of(request: Request) -> list[str]:
    """What the answer to a request will warn of; it may still grow."""
    warnings: list[str] = request.scope.setdefault("state", {}).setdefault("warnings", [])
    return warnings
