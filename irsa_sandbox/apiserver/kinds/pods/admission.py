"""Admission's ServiceAccount plugin: each Pod runs as one, and mounts its token for the API.

Source: Kubernetes documentation, "Configure Service Accounts"; kubernetes,
plugin/pkg/admission/serviceaccount.
"""

from __future__ import annotations

import string

from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds.pods.spec import all_containers
from irsa_sandbox.apiserver.kinds.serviceaccounts import SERVICE_ACCOUNT
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.chance import CHANCE

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def admit_service_account(store: Store, pod: Object) -> None:
    """The Pod names a ServiceAccount that exists and mounts its API token.

    Raises StatusError 403 where the ServiceAccount is not there.
    """
    spec, namespace = pod["spec"], pod["metadata"].get("namespace", "")
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    pod_name = pod["metadata"].get("generateName") or pod["metadata"].get("name", "")
    account = store.get((SERVICE_ACCOUNT.qualified, namespace, name))
    if account is None:
        raise StatusError(
            403,
            "Forbidden",
            f'pods "{pod_name}" is forbidden: error looking up service account '
            f'{namespace}/{name}: serviceaccount "{name}" not found',
            {"name": pod_name, "kind": "pods"},
        )
    wanted = spec.get(
        "automountServiceAccountToken", account.get("automountServiceAccountToken", True)
    )
    if wanted:
        _mount_api_token(spec, pod_name)


def _mount_api_token(spec: Object, pod_name: str) -> None:
    unmounted = [
        container
        for container in all_containers(spec)
        if MOUNT_PATH not in {m.get("mountPath") for m in container.get("volumeMounts") or ()}
    ]
    if not unmounted:
        return
    alphabet = string.ascii_lowercase + string.digits
    numbers = CHANCE.numbers("volume", pod_name)
    name = "kube-api-access-" + "".join(numbers.choice(alphabet) for _ in range(5))
    for container in unmounted:
        mount = {"name": name, "readOnly": True, "mountPath": MOUNT_PATH}
        container.setdefault("volumeMounts", []).append(mount)
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    projected = {"defaultMode": 420, "sources": sources}
    spec.setdefault("volumes", []).append({"name": name, "projected": projected})
