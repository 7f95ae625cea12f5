"""Pods from templates: what all controllers that make Pods do alike."""

from __future__ import annotations

import copy
from typing import Any

from irsa_helpers.sandbox.apiclient import ApiClient, Informer, Object, key_of, path_of
from irsa_helpers.sandbox.controllers.owners import owner_reference


def pod_from(template: Object, owner: Object, **metadata: Any) -> Object:
    """A Pod of the template that the owner controls; `metadata` is its name or its prefix."""
    own = copy.deepcopy(template.get("metadata") or {})
    own |= {"namespace": owner["metadata"]["namespace"]} | metadata
    return {
        "metadata": own | {"ownerReferences": [owner_reference(owner)]},
        "spec": copy.deepcopy(template["spec"]),
    }


async def delete_pod(client: ApiClient, pods: Informer, pod: Object) -> None:
    """The Pod is on its way out, and counted so at once: the watch may tell it only later."""
    left = await client.delete(path_of("v1", "pods", *key_of(pod)))
    if left and left["metadata"].get("deletionTimestamp"):
        pods.note(left)


def label_of(pod: Object, name: str) -> str:
    """A label's value, empty where the Pod has none."""
    return str((pod["metadata"].get("labels") or {}).get(name, ""))
