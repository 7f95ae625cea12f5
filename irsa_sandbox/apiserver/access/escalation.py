"""Nobody gives rights that they do not have: making or binding a role needs all its rights.

Source: Kubernetes documentation, "Privilege escalation prevention and bootstrapping"; kubernetes,
pkg/registry/rbac.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.access.rbac import MASTERS, Attributes, Authorizer, kind_of_role
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import StatusError, forbidden, not_found
from irsa_sandbox.apiserver.kinds.rbac import CLUSTER_ROLE, GROUP, ROLE
from irsa_sandbox.apiserver.store.storage import Object, Store

FULL_AUTHORITY = [
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
]


def check(
    authorizer: Authorizer,
    store: Store,
    resource: Resource,
    body: Object,
    user: User,
    before: Object | None = None,
) -> None:
    """Raises StatusError 403 where the object would give more than the user has.

    `before` is the object that is replaced. A binding to a role that is not there is a 404: whoever
    makes that role later would decide what the binding gives.
    """
    if MASTERS in user.groups:
        return
    namespace, name = body["metadata"].get("namespace", ""), body["metadata"]["name"]
    if resource in (ROLE, CLUSTER_ROLE):
        if _may(authorizer, user, "escalate", resource, namespace, name):
            return
        rules = body.get("rules") or []
    else:
        role = kind_of_role(body["roleRef"])
        role_name = body["roleRef"]["name"]
        if _may(authorizer, user, "bind", role, namespace, role_name):
            return
        rules = _rules_of(store, role, namespace, role_name)
    missing = [rule for rule in _single(rules) if not _has(authorizer, user, rule, namespace)]
    if missing:
        raise _refusal(resource, name, user, missing)
    if _aggregates(body) or (before is not None and _aggregates(before)):
        _check_full_authority(authorizer, resource, name, user)


def _may(
    authorizer: Authorizer, user: User, verb: str, role: Resource, namespace: str, name: str
) -> bool:
    return authorizer.allows(user, Attributes(verb, GROUP, role.plural, "", namespace, name))


def _rules_of(store: Store, role: Resource, namespace: str, name: str) -> list[Any]:
    """The rules of the role that a binding names. Raises StatusError 404 where there is none."""
    bound = store.get((role.qualified, namespace if role.namespaced else "", name))
    if bound is None:
        raise not_found(role, name)
    return bound.get("rules") or []


def _aggregates(role: Object) -> bool:
    return role.get("aggregationRule") is not None


def _check_full_authority(
    authorizer: Authorizer, resource: Resource, name: str, user: User
) -> None:
    """Raises StatusError 403 for anybody who may not do everything: an aggregationRule can gather
    any rule. Source: kubernetes, pkg/registry/rbac/clusterrole/policybased."""
    if not all(_has(authorizer, user, rule, "") for rule in _single(FULL_AUTHORITY)):
        raise forbidden(
            resource, name, "must have cluster-admin privileges to use the aggregationRule"
        )


def _single(rules: list[Any]) -> Iterator[Object]:
    """Each rule taken apart into rules of one verb and one resource."""
    for rule in rules:
        names = rule.get("resourceNames") or [""]
        for verb in rule.get("verbs") or ():
            for url in rule.get("nonResourceURLs") or ():
                yield {"url": url, "verb": verb}
            for group in rule.get("apiGroups") or ():
                for resource in rule.get("resources") or ():
                    for name in names:
                        yield {"group": group, "resource": resource, "verb": verb, "name": name}


def _has(authorizer: Authorizer, user: User, wanted: Object, namespace: str) -> bool:
    if url := wanted.get("url"):
        return authorizer.allows(user, Attributes(wanted["verb"], path=url))
    resource, _, subresource = wanted["resource"].partition("/")
    asked = Attributes(
        wanted["verb"], wanted["group"], resource, subresource, namespace, wanted["name"]
    )
    return authorizer.allows(user, asked)


def _refusal(resource: Resource, name: str, user: User, missing: list[Object]) -> StatusError:
    groups = " ".join(f'"{group}"' for group in user.groups)
    lines = "\n".join(sorted(_line(rule) for rule in _joined(missing)))
    qualified = f"{resource.plural}.{GROUP}"
    text = (
        f'{qualified} "{name}" is forbidden: user "{user.name}" (groups=[{groups}]) is attempting '
        f"to grant RBAC permissions not currently held:\n{lines}"
    )
    details = {"name": name, "group": GROUP, "kind": resource.plural}
    return StatusError(403, "Forbidden", text, details)


def _joined(missing: list[Object]) -> list[Object]:
    """Rules of one resource, their verbs put together."""
    verbs_of: dict[tuple[Any, ...], list[str]] = {}
    for rule in missing:
        key = tuple(sorted((k, v) for k, v in rule.items() if k != "verb"))
        verbs_of.setdefault(key, []).append(rule["verb"])
    return [dict(key) | {"verbs": verbs} for key, verbs in verbs_of.items()]


def _line(rule: Object) -> str:
    verbs = " ".join(f'"{verb}"' for verb in rule["verbs"]).replace('" "', '", "')
    if url := rule.get("url"):
        return f'{{NonResourceURLs:["{url}"], Verbs:[{verbs}]}}'
    names = f', ResourceNames:["{rule["name"]}"]' if rule["name"] else ""
    resource = f'APIGroups:["{rule["group"]}"], Resources:["{rule["resource"]}"]'
    return f"{{{resource}{names}, Verbs:[{verbs}]}}"
