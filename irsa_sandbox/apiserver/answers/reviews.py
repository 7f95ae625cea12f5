"""Objects that are asked and answered, never stored: who am I, may I, is this token good?

Source: Kubernetes API reference, authentication.k8s.io/v1 and authorization.k8s.io/v1; kubernetes,
pkg/apis/authorization/validation and pkg/registry/authorization.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from irsa_sandbox.apiserver.access import tokens
from irsa_sandbox.apiserver.access.authn import TokenChecker, User
from irsa_sandbox.apiserver.access.rbac import Attributes, Authorizer
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND_PATH,
    Cause,
    StatusError,
    bad_request,
    invalid,
)
from irsa_sandbox.apiserver.kinds.serviceaccounts import SERVICE_ACCOUNT
from irsa_sandbox.apiserver.published.discovery import REVIEWS
from irsa_sandbox.apiserver.requests.decoding import SHORT_BODY, decoded_body, object_body
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.fields import check_types
from irsa_sandbox.apiserver.structure.rendering import rendered
from irsa_sandbox.apiserver.validation.causes import invalid as invalid_value

ACCOUNT_PREFIX = "system:serviceaccount:"
KINDS = {(group, version, plural): kind for group, version, plural, kind, _ in REVIEWS}
NAMESPACED = {kind for *_, kind, namespaced in REVIEWS if namespaced}
_EXTRA = "impersonate-extra-"


@dataclass(frozen=True)
class Impersonation:
    """Whom a request wants to be taken for."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, list[str]] = field(default_factory=dict)


def impersonation(headers: Sequence[tuple[str, str]]) -> Impersonation | None:
    """What the headers ask for. Raises StatusError 400 for groups, or the like, of nobody."""
    named = [(name.lower(), value) for name, value in headers]
    groups = tuple(value for name, value in named if name == "impersonate-group")
    extra: dict[str, list[str]] = {}
    for name, value in named:
        if name.startswith(_EXTRA):
            extra.setdefault(unquote(name.removeprefix(_EXTRA)), []).append(value)
    single = dict(named)
    user, uid = single.get("impersonate-user", ""), single.get("impersonate-uid", "")
    if user:
        return Impersonation(user, groups, uid, extra)
    if groups or uid or extra:
        wanted = [f"{{Group  {name}    }}" for name in groups]
        wanted += [
            f"{{UserExtra  {text}    {key}}}" for key, texts in extra.items() for text in texts
        ]
        wanted += [f"{{UID  {uid}    }}"] if uid else []
        listed = " ".join(wanted)
        raise StatusError(500, "", f"requested [{listed}] without impersonating a user")
    return None


def impersonation_attributes(wanted: Impersonation) -> list[Attributes]:
    """What the caller must be allowed to."""
    authentication = "authentication.k8s.io"
    asked = [Attributes("impersonate", resource="users", name=wanted.name)]
    if wanted.name.startswith(ACCOUNT_PREFIX) and wanted.name.count(":") == 3:
        namespace, name = wanted.name.removeprefix(ACCOUNT_PREFIX).split(":")
        asked = [Attributes("impersonate", "", SERVICE_ACCOUNT.plural, "", namespace, name)]
    asked += [Attributes("impersonate", resource="groups", name=group) for group in wanted.groups]
    for key, values in wanted.extra.items():
        asked += [
            Attributes("impersonate", authentication, "userextras", key, name=value)
            for value in values
        ]
    if wanted.uid:
        asked.append(Attributes("impersonate", authentication, "uids", name=wanted.uid))
    return asked


def impersonated(wanted: Impersonation) -> User:
    """The user that is taken for the caller; a ServiceAccount is in its groups."""
    groups = [*wanted.groups]
    if wanted.name.startswith(ACCOUNT_PREFIX) and not groups:
        namespace = wanted.name.removeprefix(ACCOUNT_PREFIX).partition(":")[0]
        groups += ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    everybody = "system:authenticated"
    if wanted.name == "system:anonymous":
        everybody = "system:unauthenticated"
    if everybody not in groups:
        groups.append(everybody)
    return User(wanted.name, tuple(groups), wanted.extra, wanted.uid)


def kind_of(matched: re.Match[str]) -> str | None:
    """The kind of review that a path asks for, None for another path."""
    return KINDS.get((matched["group"] or "", matched["version"] or "", matched["plural"]))


async def answer(
    request: Request, kind: str, user: User, authorizer: Authorizer, checker: TokenChecker
) -> Response:
    """The review with its status. Raises StatusError for one that cannot be made."""
    namespace = re.search(r"/namespaces/([^/]+)/", request.url.path)
    if bool(namespace) is not (kind in NAMESPACED):
        raise NOT_FOUND_PATH
    if request.method != "POST":
        raise METHOD_NOT_ALLOWED
    body = object_body(await decoded_body(request, kind, SHORT_BODY), kind)
    group, version = request.url.path.split("/")[2:4]
    api_version = f"{group}/{version}"
    if body.get("kind", kind) != kind or body.get("apiVersion", api_version) != api_version:
        given = f"{body.get('apiVersion')}.{body.get('kind')}"
        raise bad_request(
            f'{body.get("kind")} in version "{version}" cannot be handled as a {kind}: converting '
            f"({given}) to ({group.split('.')[0]}.{kind}): unknown conversion"
        )
    check_types(Resource(group, version, "", kind), body)
    body = {"kind": kind, "apiVersion": api_version, "metadata": {}, "spec": {}} | body
    if kind == "LocalSubjectAccessReview" and namespace:
        _check_namespace(body["spec"], namespace[1])
    filled: dict[str, Callable[[], Object]] = {
        "SelfSubjectReview": lambda: {"status": {"userInfo": user.info}},
        "TokenReview": lambda: _token(checker, body),
        "SelfSubjectAccessReview": lambda: _access(kind, body, user, authorizer),
        "SelfSubjectRulesReview": lambda: _rules(body, user, authorizer),
    }
    answered = body | filled.get(kind, lambda: _access(kind, body, None, authorizer))()
    if kind == "SelfSubjectReview":
        answered.pop("spec", None)
    answered["metadata"] = {"creationTimestamp": None} | (body.get("metadata") or {})
    return rendered(request, answered, 201)


def _token(checker: TokenChecker, body: Object) -> Object:
    if not (body["spec"] or {}).get("token"):
        raise bad_request("token is required for TokenReview in authentication")
    return tokens.review(checker, body)


def _access(kind: str, body: Object, user: User | None, authorizer: Authorizer) -> Object:
    spec = body["spec"] or {}
    if causes := _access_causes(spec, self_review=user is not None):
        raise invalid(Resource("authorization.k8s.io", "v1", "", kind), "", causes)
    if user is None:
        extra = spec.get("extra") or {}
        user = User(spec.get("user", ""), tuple(spec.get("groups") or ()), extra)
    decision = authorizer.decide(user, _asked(spec))
    reason = {"reason": decision.reason} if decision.reason else {}
    return {"status": {"allowed": decision.allowed} | reason}


def _access_causes(spec: Object, *, self_review: bool) -> list[Cause]:
    causes: list[Cause] = []
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and path is not None:
        text = "cannot be specified in combination with resourceAttributes"
        causes.append(invalid_value("spec.nonResourceAttributes", path, text))
    if resource is None and path is None:
        text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        causes.append(invalid_value("spec.resourceAttributes", None, text))
    if not self_review and not spec.get("user") and not spec.get("groups"):
        causes.append(
            invalid_value("spec.user", "", "at least one of user or group must be specified")
        )
    return causes


def _check_namespace(spec: Object, namespace: str) -> None:
    asked = (spec.get("resourceAttributes") or {}).get("namespace", "")
    if asked != namespace:
        text = "spec.resourceAttributes.namespace must match namespace"
        raise bad_request(f"{text}: {namespace}")


def _rules(body: Object, user: User, authorizer: Authorizer) -> Object:
    namespace = (body["spec"] or {}).get("namespace")
    if not namespace:
        raise bad_request("no namespace on request")
    rules: list[Any] = authorizer.rules(user, namespace)
    resource_rules = [rule for rule in rules if rule.get("resources")]
    urls = [rule for rule in rules if rule.get("nonResourceURLs")]
    status = {"resourceRules": resource_rules, "nonResourceRules": urls, "incomplete": False}
    return {"status": status}


def _asked(spec: Object) -> Attributes:
    if url := spec.get("nonResourceAttributes"):
        return Attributes(url.get("verb", ""), path=url.get("path", ""))
    wanted = spec.get("resourceAttributes") or {}
    members = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: wanted.get(name, "") for name in members})
