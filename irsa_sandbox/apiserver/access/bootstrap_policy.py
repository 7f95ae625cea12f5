"""The ClusterRoles and ClusterRoleBindings that every cluster has from the start.

Source: Kubernetes documentation, "Using RBAC Authorization": default roles and role bindings. Left
out are the roles of components that the sandbox does not have, and rules about kinds it does not
serve. `admin`, `edit` and `view` are made of the roles that their aggregationRule selects.
"""

from __future__ import annotations

from collections.abc import Iterator

from irsa_sandbox.apiserver.kinds.rbac import CLUSTER_ROLE, GROUP
from irsa_sandbox.apiserver.store.storage import Object

_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*")
_ISSUER_PATHS = (
    *("/.well-known/openid-configuration", "/.well-known/openid-configuration/"),
    *("/openid/v1/jwks", "/openid/v1/jwks/"),
)


def _rule(group: str, resources: str, verbs: tuple[str, ...], *names: str) -> Object:
    named = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], **named, "resources": resources.split(), "verbs": list(verbs)}


def _urls(*paths: str, verbs: tuple[str, ...] = ("get",)) -> Object:
    return {"nonResourceURLs": list(paths), "verbs": list(verbs)}


_AUTHENTICATION, _AUTHORIZATION = "authentication.k8s.io", "authorization.k8s.io"
# Name -> (label of the role that it is part of, rules).
RULES: dict[str, tuple[str, tuple[Object, ...]]] = {
    "cluster-admin": ("", (_rule("*", "*", ("*",)), _urls("*", verbs=("*",)))),
    "system:aggregate-to-admin": (
        "admin",
        (
            _rule(_AUTHORIZATION, "localsubjectaccessreviews", ("create",)),
            _rule(GROUP, "rolebindings roles", _ALL),
        ),
    ),
    "system:aggregate-to-edit": (
        "edit",
        (
            _rule("", "pods/attach pods/exec pods/portforward secrets", _READ),
            _rule("", "serviceaccounts", ("impersonate",)),
            _rule("", "pods pods/attach pods/exec pods/portforward", _WRITE),
            _rule("", "pods/eviction", ("create",)),
            _rule("", "configmaps events persistentvolumeclaims secrets", _WRITE),
            _rule("", "serviceaccounts services", _WRITE),
            _rule("", "serviceaccounts/token", ("create",)),
            _rule("apps", "daemonsets deployments deployments/scale", _WRITE),
            _rule("apps", "replicasets replicasets/scale statefulsets statefulsets/scale", _WRITE),
            _rule("batch", "cronjobs jobs", _WRITE),
            _rule("networking.k8s.io", "networkpolicies", _WRITE),
            _rule("coordination.k8s.io", "leases", _ALL),
        ),
    ),
    "system:aggregate-to-view": (
        "view",
        (
            _rule("", "configmaps persistentvolumeclaims persistentvolumeclaims/status", _READ),
            _rule("", "pods serviceaccounts services services/status", _READ),
            _rule("", "events namespaces/status pods/log pods/status", _READ),
            _rule("", "namespaces", _READ),
            _rule(
                "apps",
                "controllerrevisions daemonsets daemonsets/status deployments deployments/scale "
                "deployments/status replicasets replicasets/scale replicasets/status statefulsets "
                "statefulsets/scale statefulsets/status",
                _READ,
            ),
            _rule("batch", "cronjobs cronjobs/status jobs jobs/status", _READ),
            _rule("networking.k8s.io", "networkpolicies", _READ),
        ),
    ),
    "system:auth-delegator": (
        "",
        (
            _rule(_AUTHENTICATION, "tokenreviews", ("create",)),
            _rule(_AUTHORIZATION, "subjectaccessreviews", ("create",)),
        ),
    ),
    "system:basic-user": (
        "",
        (
            _rule(_AUTHORIZATION, "selfsubjectaccessreviews selfsubjectrulesreviews", ("create",)),
            _rule(_AUTHENTICATION, "selfsubjectreviews", ("create",)),
        ),
    ),
    "system:discovery": ("", (_urls(*_DISCOVERY, "/readyz", "/version", "/version/"),)),
    "system:monitoring": (
        "",
        (
            _urls(
                *(f"{p}{e}" for p in _HEALTH[:3] for e in ("", "/*")), "/metrics", "/metrics/slis"
            ),
        ),
    ),
    "system:public-info-viewer": ("", (_urls(*_HEALTH),)),
    "system:service-account-issuer-discovery": ("", (_urls(*_ISSUER_PATHS),)),
}
AGGREGATED = {"admin": "", "edit": "admin", "view": "edit"}
# Role -> the groups it is bound to, under its own name.
BOUND_TO = {
    "cluster-admin": ("system:masters",),
    "system:basic-user": ("system:authenticated",),
    "system:discovery": ("system:authenticated",),
    "system:monitoring": ("system:monitoring",),
    "system:public-info-viewer": ("system:authenticated", "system:unauthenticated"),
    "system:service-account-issuer-discovery": ("system:serviceaccounts",),
}


def _label(target: str) -> dict[str, str]:
    return {f"{GROUP}/aggregate-to-{target}": "true"} if target else {}


def cluster_roles() -> Iterator[Object]:
    """Every default ClusterRole, as it is created."""
    for name, (target, rules) in RULES.items():
        labels = _LABELS | _label(target)
        metadata = {"name": name, "labels": labels, "annotations": dict(_ANNOTATIONS)}
        yield {"metadata": metadata, "rules": [dict(rule) for rule in rules]}
    for name, target in AGGREGATED.items():
        selector = {"matchLabels": _label(name)}
        labels = _LABELS | _label(target)
        metadata = {"name": name, "labels": labels, "annotations": dict(_ANNOTATIONS)}
        yield {
            "metadata": metadata,
            "aggregationRule": {"clusterRoleSelectors": [selector]},
            "rules": None,
        }


def cluster_role_bindings() -> Iterator[Object]:
    """Every default ClusterRoleBinding, as it is created."""
    for name, groups in BOUND_TO.items():
        yield {
            "metadata": {"name": name, "labels": _LABELS, "annotations": _ANNOTATIONS},
            "roleRef": {"apiGroup": GROUP, "kind": CLUSTER_ROLE.kind, "name": name},
            "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": group} for group in groups],
        }
