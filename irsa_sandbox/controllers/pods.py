"""Pods from templates: what all controllers that make Pods do alike."""

from __future__ import annotations

import copy
from typing import Any

from irsa_sandbox.apiclient import ApiClient, ApiError, Informer, Object, key_of, path_of
from irsa_sandbox.controllers.events import EventRecorder
from irsa_sandbox.controllers.owners import owner_reference


def pod_from(template: Object, owner: Object, **metadata: Any) -> Object:
    """A Pod of the template that the owner controls; `metadata` is its name or its prefix."""
    own = copy.deepcopy(template.get("metadata") or {})
    own |= {"namespace": owner["metadata"]["namespace"]} | metadata
    return {
        "metadata": own | {"ownerReferences": [owner_reference(owner)]},
        "spec": copy.deepcopy(template["spec"]),
    }


async def create_pod(
    client: ApiClient, pods: Informer, events: EventRecorder, owner: Object, pod: Object
) -> ApiError | None:
    """The Pod is made and counted, and an Event of its owner says so; returns the API's refusal.

    Source: kubernetes, pkg/controller, RealPodControl.
    """
    try:
        made = await client.create(path_of("v1", "pods", pod["metadata"]["namespace"]), pod)
    except ApiError as error:
        events.record(owner, "Warning", "FailedCreate", f"Error creating: {error.message}")
        return error
    # Count it at once: the watch may bring it only after the next reconciliation.
    pods.note(made)
    text = f"Created pod: {made['metadata']['name']}"
    events.record(owner, "Normal", "SuccessfulCreate", text)
    return None


async def delete_pod(client: ApiClient, pods: Informer, pod: Object) -> None:
    """The Pod is on its way out, and counted so at once: the watch may tell it only later."""
    left = await client.delete(path_of("v1", "pods", *key_of(pod)))
    if left and left["metadata"].get("deletionTimestamp"):
        pods.note(left)


def label_of(pod: Object, name: str) -> str:
    """A label's value, empty where the Pod has none."""
    return str((pod["metadata"].get("labels") or {}).get(name, ""))
