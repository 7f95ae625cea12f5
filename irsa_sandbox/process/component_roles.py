"""What each part of the cluster may do: its ClusterRole, bound to the name it calls itself by.

A real controller manager gives each controller a ServiceAccount of its own, and a real kubelet is
authorized by the Pods bound to its node; here one role stands for each.
Source: Kubernetes, plugin/pkg/auth/authorizer/rbac/bootstrappolicy; documentation, "Using RBAC
Authorization: core component roles".
"""

from __future__ import annotations

from irsa_sandbox.apiclient import ApiClient, ApiError, Object, path_of

RBAC = "rbac.authorization.k8s.io"
READ = ("get", "list", "watch")
CHANGE = ("patch", "update")
LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
WEBHOOK_ACCOUNT = ("kube-system", "pod-identity-webhook")


def _rule(group: str, resources: str, *verbs: str) -> Object:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": list(verbs)}


def _user(name: str) -> Object:
    return {"apiGroup": RBAC, "kind": "User", "name": name}


EVENTS = _rule("", "events", "create", *CHANGE)
# Name -> the subjects and the rules.
ROLES: dict[str, tuple[Object, list[Object]]] = {
    "system:kube-controller-manager": (
        _user("system:kube-controller-manager"),
        [
            # The garbage collector and the namespace controller deal with every kind there is.
            _rule("*", "*", *READ, *CHANGE, "delete", "deletecollection"),
            _rule("", "configmaps events persistentvolumeclaims pods serviceaccounts", "create"),
            _rule("apps", "controllerrevisions replicasets", "create"),
            _rule("batch", "jobs", "create"),
        ],
    ),
    "system:kube-scheduler": (
        _user("system:kube-scheduler"),
        [
            _rule("", "nodes persistentvolumeclaims pods namespaces", *READ),
            _rule("", "pods/binding", "create"),
            _rule("", "pods/status", *CHANGE),
            EVENTS,
        ],
    ),
    "system:node": (
        {"apiGroup": RBAC, "kind": "Group", "name": "system:nodes"},
        [
            _rule("", "nodes", "create", *READ),
            _rule("", "nodes/status pods/status", *CHANGE),
            _rule("", "pods", *READ, "delete"),
            _rule("", "configmaps secrets serviceaccounts", *READ),
            _rule("", "serviceaccounts/token", "create"),
            _rule("coordination.k8s.io", "leases", "create", "get", *CHANGE),
            _rule("networking.k8s.io", "networkpolicies", *READ),
            EVENTS,
        ],
    ),
    "pod-identity-webhook": (
        {
            "kind": "ServiceAccount",
            "namespace": WEBHOOK_ACCOUNT[0],
            "name": WEBHOOK_ACCOUNT[1],
        },
        [_rule("", "serviceaccounts", *READ)],
    ),
}


async def ensure(client: ApiClient) -> None:
    """Every role and its binding are there; `client` is that of an administrator."""
    for plural, bodies in (
        ("clusterroles", {name: _role(name) for name in ROLES}),
        ("clusterrolebindings", {name: _binding(name) for name in ROLES}),
    ):
        place = path_of(f"{RBAC}/v1", plural)
        there, _ = await client.list(place)
        for name in bodies.keys() - {body["metadata"]["name"] for body in there}:
            await _create(client, place, bodies[name])


async def _create(client: ApiClient, place: str, body: Object) -> None:
    try:
        await client.create(place, body)
    except ApiError as error:
        if error.status != 409:
            raise


def _role(name: str) -> Object:
    return {"metadata": {"name": name, "labels": LABELS}, "rules": ROLES[name][1]}


def _binding(name: str) -> Object:
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    metadata = {"name": name, "labels": LABELS}
    return {"metadata": metadata, "roleRef": reference, "subjects": [ROLES[name][0]]}
