"""Nobody gives rights that they do not have: to make a role takes its rights, to bind one too.

Source: Kubernetes documentation, "Privilege escalation prevention and bootstrapping"; kubernetes,
pkg/registry/rbac.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from irsa_helpers.sandbox.apiserver.authn import User
from irsa_helpers.sandbox.apiserver.bootstrap_policy import GROUP
from irsa_helpers.sandbox.apiserver.rbac import MASTERS, Attributes, Authorizer
from irsa_helpers.sandbox.apiserver.resources import Resource
from irsa_helpers.sandbox.apiserver.status import StatusError
from irsa_helpers.sandbox.apiserver.storage import Object, Store

ROLES = {"Role", "ClusterRole"}


def check(
    authorizer: Authorizer, store: Store, resource: Resource, body: Object, user: User
) -> None:
    """Raises StatusError 403 where the object would give more than the user has."""
    if MASTERS in user.groups:
        return
    namespace, name = body["metadata"].get("namespace", ""), body["metadata"]["name"]
    if resource.kind in ROLES:
        rules, verb, target = body.get("rules") or [], "escalate", (resource.plural, name)
    else:
        reference = body["roleRef"]
        plural = "clusterroles" if reference["kind"] == "ClusterRole" else "roles"
        place = "" if plural == "clusterroles" else namespace
        role = store.get((f"{plural}.{GROUP}", place, reference["name"]))
        rules, verb = (role or {}).get("rules") or [], "bind"
        target = (plural, reference["name"])
    if authorizer.allows(user, Attributes(verb, GROUP, target[0], "", namespace, target[1])):
        return
    missing = [each for each in _single(rules) if not _has(authorizer, user, each, namespace)]
    if missing:
        raise _refusal(resource, name, user, missing)


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
    groups = " ".join(f'"{each}"' for each in user.groups)
    lines = "\n".join(sorted(_line(each) for each in _joined(missing)))
    qualified = f"{resource.plural}.{GROUP}"
    text = (
        f'{qualified} "{name}" is forbidden: user "{user.name}" (groups=[{groups}]) is attempting '
        f"to grant RBAC permissions not currently held:\n{lines}"
    )
    details = {"name": name, "group": GROUP, "kind": resource.plural}
    return StatusError(403, "Forbidden", text, details)


def _joined(missing: list[Object]) -> list[Object]:
    """Rules of one resource, their verbs put together."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for each in missing:
        key = tuple(sorted((k, v) for k, v in each.items() if k != "verb"))
        found.setdefault(key, []).append(each["verb"])
    return [dict(key) | {"verbs": verbs} for key, verbs in found.items()]


def _line(rule: Object) -> str:
    verbs = " ".join(f'"{each}"' for each in rule["verbs"]).replace('" "', '", "')
    if url := rule.get("url"):
        return f'{{NonResourceURLs:["{url}"], Verbs:[{verbs}]}}'
    names = f', ResourceNames:["{rule["name"]}"]' if rule["name"] else ""
    resource = f'APIGroups:["{rule["group"]}"], Resources:["{rule["resource"]}"]'
    return f"{{{resource}{names}, Verbs:[{verbs}]}}"
