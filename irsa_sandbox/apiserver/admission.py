"""What happens to an object before it is stored: the ServiceAccount plugin and webhooks.

Source: Kubernetes documentation, "Dynamic Admission Control" and "Configure Service Accounts".
"""

from __future__ import annotations

import string
from typing import Any

from irsa_sandbox.apiserver import fields
from irsa_sandbox.apiserver.normal import normalized
from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.status import StatusError, internal_error
from irsa_sandbox.apiserver.storage import Object, Store
from irsa_sandbox.apiserver.webhooks import Webhooks
from irsa_sandbox.chance import CHANCE

__all__ = ["Webhooks", "admit_service_account", "decoded_again"]

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def admit_service_account(store: Store, pod: Object) -> None:
    """The Pod names a ServiceAccount that exists and mounts its API token.

    Raises StatusError 403 where the ServiceAccount is not there.
    """
    spec, namespace = pod["spec"], pod["metadata"].get("namespace", "")
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    pod_name = pod["metadata"].get("generateName") or pod["metadata"].get("name", "")
    account = store.get(("serviceaccounts", namespace, name))
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
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    unmounted = [
        container
        for container in containers
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


def decoded_again(resource: Resource, after: Any) -> Object:
    """An object as webhooks left it, read as if a client had sent it: what is unknown is dropped.

    Raises StatusError 500 where it is no such object any more.
    """
    whole = isinstance(after, dict) and isinstance(after.get("metadata"), dict)
    wrong = fields.wrong_type(resource, after) if whole else "unexpected end of JSON input"
    if wrong:
        raise internal_error(wrong)
    fields.unknown_fields(resource, after)
    return normalized(resource, after)
