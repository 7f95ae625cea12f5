"""RBAC: may this user do this? Roles and bindings decide; there is no deny.

Source: Kubernetes documentation, "Using RBAC Authorization".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from irsa_helpers.sandbox.apiserver.authn import User
from irsa_helpers.sandbox.apiserver.status import StatusError
from irsa_helpers.sandbox.apiserver.storage import Object, Store

GROUP = "rbac.authorization.k8s.io"
AUTHENTICATED = "system:authenticated"
MASTERS = "system:masters"
DISCOVERY_PATHS = ("/api", "/apis", "/openapi", "/.well-known")
PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version")


@dataclass(frozen=True)
class Attributes:
    """What is asked for; `path` is set in place of the rest for a URL that is no resource."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Authorizer:
    """Decides by the Roles and ClusterRoles bound to a user."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, user: User, asked: Attributes) -> bool:
        """Whether the user may do this."""
        if MASTERS in user.groups:
            return True
        if asked.path:
            if asked.path.rstrip("/").startswith(PUBLIC_PATHS):
                return True
            known = asked.path.startswith(DISCOVERY_PATHS)
            return known and AUTHENTICATED in user.groups
        return any(_matches(rule, asked) for rule in self._rules(user, asked.namespace))

    def rules(self, user: User, namespace: str) -> list[Object]:
        """Every rule that applies to the user in a namespace, as `auth can-i --list` shows them."""
        found: list[Object] = []
        if MASTERS in user.groups:
            found += [
                {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
                {"verbs": ["*"], "nonResourceURLs": ["*"]},
            ]
        found += self._rules(user, namespace)
        if AUTHENTICATED in user.groups:
            found += SELF_RULES
            found.append({"verbs": ["get"], "nonResourceURLs": _below(DISCOVERY_PATHS)})
        return [*found, {"verbs": ["get"], "nonResourceURLs": list(PUBLIC_PATHS)}]

    def check(self, user: User, asked: Attributes) -> None:
        """Raises StatusError 403 with the API server's sentence where the user may not."""
        if not self.allows(user, asked):
            raise forbidden(user, asked)

    def _rules(self, user: User, namespace: str) -> Iterator[Object]:
        for binding in self._store.list(f"clusterrolebindings.{GROUP}"):
            if _names(binding, user):
                yield from self._role(binding, "")
        for binding in self._store.list(f"rolebindings.{GROUP}", namespace) if namespace else ():
            if _names(binding, user):
                yield from self._role(binding, namespace)

    def _role(self, binding: Object, namespace: str) -> list[Object]:
        reference = binding["roleRef"]
        plural = "clusterroles" if reference["kind"] == "ClusterRole" else "roles"
        key = (f"{plural}.{GROUP}", "" if plural == "clusterroles" else namespace)
        role = self._store.get((*key, reference["name"]))
        return (role or {}).get("rules") or []


def _self(group: str, *plurals: str) -> Object:
    return {"verbs": ["create"], "apiGroups": [group], "resources": list(plurals)}


# What a real cluster gives to everybody who has authenticated: the ClusterRole system:basic-user.
SELF_RULES = [
    _self("authentication.k8s.io", "selfsubjectreviews"),
    _self("authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
]


def _below(paths: tuple[str, ...]) -> list[str]:
    return [each for path in paths for each in (path, f"{path}/*")]


def _names(binding: Object, user: User) -> bool:
    for subject in binding.get("subjects") or ():
        kind, name = subject["kind"], subject["name"]
        if kind == "User" and name == user.name:
            return True
        if kind == "Group" and name in user.groups:
            return True
        account = f"system:serviceaccount:{subject.get('namespace', '')}:{name}"
        if kind == "ServiceAccount" and account == user.name:
            return True
    return False


def _matches(rule: Object, asked: Attributes) -> bool:
    def covers(member: str, wanted: str) -> bool:
        listed: list[Any] = rule.get(member) or []
        return "*" in listed or wanted in listed

    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    names = rule.get("resourceNames")
    return (
        covers("verbs", asked.verb)
        and covers("apiGroups", asked.group)
        and covers("resources", resource)
        and (not names or asked.name in names)
    )


def forbidden(user: User, asked: Attributes) -> StatusError:
    """403, in the API server's words."""
    if asked.path:
        text = f'forbidden: User "{user.name}" cannot {asked.verb} path "{asked.path}"'
        return StatusError(403, "Forbidden", text)
    qualified = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    named = f' "{asked.name}"' if asked.name else ""
    scope = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    text = (
        f'{qualified}{named} is forbidden: User "{user.name}" cannot {asked.verb} resource '
        f'"{resource}" in API group "{asked.group}" {scope}'
    )
    details = {"kind": asked.resource} | ({"name": asked.name} if asked.name else {})
    return StatusError(403, "Forbidden", text, details)
