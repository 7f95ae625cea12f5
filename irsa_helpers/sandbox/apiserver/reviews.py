"""Objects that are asked and answered, never stored: who am I, may I, is this token good?

Source: Kubernetes API reference, authentication.k8s.io/v1 and authorization.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irsa_helpers.sandbox.apiserver import tokens
from irsa_helpers.sandbox.apiserver.authn import TokenChecker, User
from irsa_helpers.sandbox.apiserver.rbac import Attributes, Authorizer
from irsa_helpers.sandbox.apiserver.storage import Object, Store

Review = Callable[[Object, User, Authorizer, TokenChecker, Store], Object]

AUTHENTICATION = "/apis/authentication.k8s.io/v1"
AUTHORIZATION = "/apis/authorization.k8s.io/v1"
ACCOUNT_PREFIX = "system:serviceaccount:"


def find(path: str) -> Review | None:
    """The review that a path asks for, None for another path."""
    return {
        f"{AUTHENTICATION}/selfsubjectreviews": _who_am_i,
        f"{AUTHENTICATION}/tokenreviews": _token,
        f"{AUTHORIZATION}/selfsubjectaccessreviews": _may_i,
        f"{AUTHORIZATION}/subjectaccessreviews": _may_they,
        f"{AUTHORIZATION}/selfsubjectrulesreviews": _my_rules,
    }.get(path.rstrip("/"))


def impersonated(name: str, groups: Sequence[str]) -> User:
    """The user that `--as` names; a ServiceAccount is in its groups."""
    found = [*groups]
    if name.startswith(ACCOUNT_PREFIX):
        namespace = name.removeprefix(ACCOUNT_PREFIX).partition(":")[0]
        found += ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    return User(name, (*found, "system:authenticated"))


def _who_am_i(
    body: Object, user: User, _authorizer: Authorizer, _checker: TokenChecker, _store: Store
) -> Object:
    return _filled(body, {"userInfo": user.info})


def _token(
    body: Object, _user: User, _authorizer: Authorizer, checker: TokenChecker, _store: Store
) -> Object:
    return _filled(tokens.review(checker, body), {})


def _may_i(
    body: Object, user: User, authorizer: Authorizer, _checker: TokenChecker, _store: Store
) -> Object:
    return _filled(body, {"allowed": authorizer.allows(user, _asked(body["spec"]))})


def _may_they(
    body: Object, _user: User, authorizer: Authorizer, _checker: TokenChecker, _store: Store
) -> Object:
    spec = body["spec"]
    user = User(spec.get("user", ""), tuple(spec.get("groups") or ()))
    return _filled(body, {"allowed": authorizer.allows(user, _asked(spec))})


def _my_rules(
    body: Object, user: User, authorizer: Authorizer, _checker: TokenChecker, _store: Store
) -> Object:
    rules = authorizer.rules(user, body["spec"].get("namespace", ""))
    resource_rules = [rule for rule in rules if "resources" in rule]
    urls = [rule for rule in rules if "nonResourceURLs" in rule]
    status = {"resourceRules": resource_rules, "nonResourceRules": urls, "incomplete": False}
    return _filled(body, status)


def _asked(spec: Object) -> Attributes:
    if path := (spec.get("nonResourceAttributes") or {}).get("path"):
        return Attributes(spec["nonResourceAttributes"]["verb"], path=path)
    wanted = spec.get("resourceAttributes") or {}
    members = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: wanted.get(name, "") for name in members})


def _filled(body: Object, status: Object) -> Object:
    metadata = {"creationTimestamp": None} | (body.get("metadata") or {})
    return body | {"metadata": metadata} | ({"status": status} if status else {})
