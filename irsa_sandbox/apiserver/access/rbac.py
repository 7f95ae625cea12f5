"""RBAC: may this user do this? Roles and bindings decide; there is no deny.

Source: Kubernetes documentation, "Using RBAC Authorization"; the reasons are those of kubernetes,
plugin/pkg/auth/authorizer/rbac.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds import Kind
from irsa_sandbox.apiserver.kinds.rbac import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from irsa_sandbox.apiserver.kinds.serviceaccounts import SERVICE_ACCOUNT
from irsa_sandbox.apiserver.store.storage import Object, Store

MASTERS = "system:masters"


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


@dataclass(frozen=True)
class Decision:
    """Whether the user may, and what the API server says of it."""

    allowed: bool
    reason: str = ""


class Authorizer:
    """Decides by the Roles and ClusterRoles bound to a user."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def decide(self, user: User, asked: Attributes) -> Decision:
        """The first binding that allows it; else the missing roles that bindings name."""
        if MASTERS in user.groups:
            return Decision(True)
        missing: list[str] = []
        for binding, subject in self._bindings(user, asked.namespace):
            rules = self._rules_of(binding)
            if rules is None:
                missing.append(_missing(binding["roleRef"]))
            elif any(_matches(rule, asked) for rule in rules):
                return Decision(True, f"RBAC: allowed by {_described(binding, subject)}")
        faults = missing[0] if len(missing) == 1 else f"[{', '.join(missing)}]"
        return Decision(False, f"RBAC: {faults}" if missing else "")

    def allows(self, user: User, asked: Attributes) -> bool:
        """Whether the user may do this."""
        return self.decide(user, asked).allowed

    def rules(self, user: User, namespace: str) -> list[Object]:
        """Every rule that applies to the user in a namespace, as `auth can-i --list` shows them."""
        rules: list[Object] = []
        for binding, _ in self._bindings(user, namespace):
            rules += self._rules_of(binding) or ()
        return rules

    def check(self, user: User, asked: Attributes) -> None:
        """Raises StatusError 403 with the API server's sentence where the user may not."""
        decision = self.decide(user, asked)
        if not decision.allowed:
            raise forbidden(user, asked, decision.reason)

    def _bindings(self, user: User, namespace: str) -> Iterator[tuple[Object, Object]]:
        """The bindings that name the user, with the subject that does."""
        listed = self._store.list(CLUSTER_ROLE_BINDING.qualified)
        if namespace:
            listed = [*listed, *self._store.list(ROLE_BINDING.qualified, namespace)]
        for binding in listed:
            place = binding["metadata"].get("namespace", "")
            for subject in binding.get("subjects") or ():
                if _names(subject, user, place):
                    yield binding, subject
                    break

    def _rules_of(self, binding: Object) -> list[Object] | None:
        """The rules of the role that is bound; None where there is no such role."""
        reference = binding["roleRef"]
        kind = kind_of_role(reference)
        namespace = binding["metadata"].get("namespace", "") if kind.namespaced else ""
        role = self._store.get((kind.qualified, namespace, reference["name"]))
        return None if role is None else role.get("rules") or []


def kind_of_role(reference: Object) -> Kind:
    """The kind of role that a binding names."""
    return CLUSTER_ROLE if reference["kind"] == CLUSTER_ROLE.kind else ROLE


def _missing(reference: Object) -> str:
    kind = kind_of_role(reference)
    return f'{kind.kind.lower()}.{kind.group} "{reference["name"]}" not found'


def _described(binding: Object, subject: Object) -> str:
    metadata, reference = binding["metadata"], binding["roleRef"]
    namespace = metadata.get("namespace", "")
    name, kind = metadata["name"], CLUSTER_ROLE_BINDING.kind
    if namespace:
        name, kind = f"{name}/{namespace}", ROLE_BINDING.kind
    who = subject["name"]
    if subject["kind"] == SERVICE_ACCOUNT.kind:
        who = f"{who}/{subject.get('namespace') or namespace}"
    role = f'{reference["kind"]} "{reference["name"]}"'
    return f'{kind} "{name}" of {role} to {subject["kind"]} "{who}"'


def _names(subject: Object, user: User, namespace: str) -> bool:
    kind, name = subject["kind"], subject["name"]
    if kind == "User":
        return bool(name == user.name)
    if kind == "Group":
        return name in user.groups
    place = subject.get("namespace") or namespace
    return bool(user.name == f"system:serviceaccount:{place}:{name}")


def _matches(rule: Object, asked: Attributes) -> bool:
    def covers(member: str, wanted: str) -> bool:
        listed: list[Any] = rule.get(member) or []
        return "*" in listed or wanted in listed

    if not covers("verbs", asked.verb):
        return False
    if asked.path:
        return any(
            _covers_path(pattern, asked.path) for pattern in rule.get("nonResourceURLs") or ()
        )
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    of_all = bool(asked.subresource) and f"*/{asked.subresource}" in (rule.get("resources") or ())
    names = rule.get("resourceNames")
    return (
        covers("apiGroups", asked.group)
        and (of_all or covers("resources", resource))
        and (not names or asked.name in names)
    )


def _covers_path(allowed: str, path: str) -> bool:
    if allowed in ("*", path):
        return True
    return allowed.endswith("*") and path.startswith(allowed.rstrip("*"))


def forbidden(user: User, asked: Attributes, reason: str = "") -> StatusError:
    """403, in the API server's words."""
    because = f": {reason}" if reason else ""
    if asked.path:
        text = f'forbidden: User "{user.name}" cannot {asked.verb} path "{asked.path}"'
        return StatusError(403, "Forbidden", text + because, {})
    qualified = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    named = f' "{asked.name}"' if asked.name else ""
    scope = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    text = (
        f'{qualified}{named} is forbidden: User "{user.name}" cannot {asked.verb} resource '
        f'"{resource}" in API group "{asked.group}" {scope}{because}'
    )
    details: dict[str, Any] = {"name": asked.name} if asked.name else {}
    details |= {"group": asked.group} if asked.group else {}
    return StatusError(403, "Forbidden", text, details | {"kind": asked.resource})
