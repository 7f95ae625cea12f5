"""Roles, bindings, and the ClusterRoles that gather others.

Source: kubernetes, pkg/apis/rbac/v1/defaults.go, pkg/apis/rbac/validation; Kubernetes
documentation, "Aggregated ClusterRoles".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, META, NAME, WIDE, Column, Row
from irsa_sandbox.apiserver.kinds.kind import Kind, fill
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.validation.causes import invalid, invalid_each, required, unsupported
from irsa_sandbox.apiserver.validation.selectors import selector_causes

GROUP = "rbac.authorization.k8s.io"
_REGULAR = ("apiGroups", "resources", "resourceNames")


def _fill_role(body: Object) -> None:
    fill(body, rules=None)


def _fill_binding(body: Object) -> None:
    reference = body.get("roleRef") or {}
    reference["apiGroup"] = reference.get("apiGroup") or GROUP
    body["roleRef"] = reference
    namespace = body["metadata"].get("namespace")
    for subject in body.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            fill(subject, apiGroup=GROUP)
        elif subject.get("kind") == "ServiceAccount" and namespace:
            fill(subject, namespace=namespace)


def aggregate(store: Store) -> None:
    """Each ClusterRole with an aggregationRule has the rules of those that it selects."""
    # A role may be part of one that is itself part of another: view, edit, admin.
    plural = CLUSTER_ROLE.qualified
    while changed := [body for body in store.list(plural) if _is_stale(store, body)]:
        for body in changed:
            name = body["metadata"]["name"]
            rules = _gathered(store, body)
            metadata = dict(body["metadata"])
            store.put((plural, "", name), body | {"metadata": metadata, "rules": rules})


def _is_stale(store: Store, role: Object) -> bool:
    return bool(role.get("aggregationRule")) and role.get("rules") != _gathered(store, role)


def _gathered(store: Store, role: Object) -> list[Any]:
    selectors = role["aggregationRule"].get("clusterRoleSelectors") or ()
    rules: list[Any] = []
    for other in store.list(CLUSTER_ROLE.qualified):
        labels = other["metadata"].get("labels") or {}
        if other is not role and any(selects(selector, labels) for selector in selectors):
            rules += [rule for rule in other.get("rules") or () if rule not in rules]
    return rules


def _role_causes(body: Object) -> list[Cause]:
    return _rules_causes(body, namespaced=True)


def _cluster_role_causes(body: Object) -> list[Cause]:
    causes = _rules_causes(body, namespaced=False)
    rule = body.get("aggregationRule")
    if rule is None:
        return causes
    path = "aggregationRule.clusterRoleSelectors"
    if not rule.get("clusterRoleSelectors"):
        text = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        return [*causes, required(path, text)]
    for index, selector in enumerate(rule["clusterRoleSelectors"]):
        causes += selector_causes(f"{path}[{index}]", selector)
    return causes


def _rules_causes(body: Object, *, namespaced: bool) -> list[Cause]:
    return [
        cause
        for index, rule in enumerate(body.get("rules") or ())
        for cause in _rule_causes(f"rules[{index}]", rule, namespaced=namespaced)
    ]


def _rule_causes(path: str, rule: Object, *, namespaced: bool) -> list[Cause]:
    causes: list[Cause] = []
    if not rule.get("verbs"):
        causes.append(required(f"{path}.verbs", "verbs must contain at least one value"))
    if urls := rule.get("nonResourceURLs"):
        place = f"{path}.nonResourceURLs"
        if namespaced:
            text = "namespaced rules cannot apply to non-resource URLs"
            causes.append(invalid(place, urls, text))
        if any(rule.get(name) for name in _REGULAR):
            text = "rules cannot apply to both regular resources and non-resource URLs"
            causes.append(invalid(place, urls, text))
        return causes
    if not rule.get("apiGroups"):
        text = "resource rules must supply at least one api group"
        causes.append(required(f"{path}.apiGroups", text))
    if not rule.get("resources"):
        text = "resource rules must supply at least one resource"
        causes.append(required(f"{path}.resources", text))
    return causes


def _binding_causes(body: Object, *, namespaced: bool) -> list[Cause]:
    reference = body.get("roleRef") or {}
    causes: list[Cause] = []
    if reference.get("apiGroup") != GROUP:
        causes.append(unsupported("roleRef.apiGroup", reference.get("apiGroup", ""), (GROUP,)))
    kinds = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    if reference.get("kind") not in kinds:
        causes.append(unsupported("roleRef.kind", reference.get("kind", ""), kinds))
    if not reference.get("name"):
        causes.append(required("roleRef.name"))
    else:
        faults = formats.path_segment(reference["name"])
        causes += invalid_each("roleRef.name", reference["name"], faults)
    for index, subject in enumerate(body.get("subjects") or ()):
        causes += _subject_causes(f"subjects[{index}]", subject, namespaced=namespaced)
    return causes


def _subject_causes(path: str, subject: Object, *, namespaced: bool) -> list[Cause]:
    name, kind, group = (subject.get(member, "") for member in ("name", "kind", "apiGroup"))
    causes = [] if name else [required(f"{path}.name")]
    if kind == "ServiceAccount":
        if name:
            causes += invalid_each(f"{path}.name", name, formats.dns_subdomain(name))
        if group:
            causes.append(unsupported(f"{path}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            causes.append(required(f"{path}.namespace"))
    elif kind in {"User", "Group"}:
        if group != GROUP:
            causes.append(unsupported(f"{path}.apiGroup", group, (GROUP,)))
    else:
        causes.append(unsupported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group")))
    return causes


def _reference_causes(before: Object, after: Object) -> list[Cause]:
    reference = after.get("roleRef") or {}
    if before["roleRef"] == reference:
        return []
    given = {
        "APIGroup": reference.get("apiGroup", ""),
        "Kind": reference.get("kind", ""),
        "Name": reference.get("name", ""),
    }
    return [invalid("roleRef", given, "cannot change roleRef")]


def _named(subject: Object) -> str:
    namespace = f"{subject.get('namespace', '')}/" if subject["kind"] == "ServiceAccount" else ""
    return f"{namespace}{subject['name']}"


def _subjects(kind: str) -> Callable[[Row], str]:
    """The cell that lists the subjects of a kind."""
    return lambda row: ", ".join(
        _named(subject) for subject in row.body.get("subjects") or () if subject["kind"] == kind
    )


def _role_columns() -> tuple[Column, ...]:
    made = Column(
        "Created At",
        f"{META}.creationTimestamp",
        lambda row: row.metadata.get("creationTimestamp"),
    )
    return NAME, made


def _binding_columns(kind: str, words: str) -> tuple[Column, ...]:
    return (
        NAME,
        Column(
            "Role",
            f"@api.rbac.v1.{kind}.roleRef",
            lambda row: f"{row.body['roleRef']['kind']}/{row.body['roleRef']['name']}",
        ),
        AGE,
        *(
            Column(f"{subject}s", f"{subject}s specified by a {words}.", _subjects(subject), WIDE)
            for subject in ("User", "Group", "ServiceAccount")
        ),
    )


ROLE = Kind(
    *(GROUP, "v1", "roles", "Role"),
    columns=_role_columns(),
    defaults=_fill_role,
    name_form=formats.path_segment,
    validate=_role_causes,
    kept={"Role": ("rules",)},
)
CLUSTER_ROLE = Kind(
    *(GROUP, "v1", "clusterroles", "ClusterRole", False),
    columns=_role_columns(),
    defaults=_fill_role,
    on_written=aggregate,
    name_form=formats.path_segment,
    validate=_cluster_role_causes,
    kept={"ClusterRole": ("rules",)},
)
ROLE_BINDING = Kind(
    *(GROUP, "v1", "rolebindings", "RoleBinding"),
    columns=_binding_columns("RoleBinding", "role binding"),
    defaults=_fill_binding,
    name_form=formats.path_segment,
    validate=lambda body: _binding_causes(body, namespaced=True),
    validate_update=_reference_causes,
)
CLUSTER_ROLE_BINDING = Kind(
    *(GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding", False),
    columns=_binding_columns("ClusterRoleBinding", "cluster role binding"),
    defaults=_fill_binding,
    name_form=formats.path_segment,
    validate=lambda body: _binding_causes(body, namespaced=False),
    validate_update=_reference_causes,
)
