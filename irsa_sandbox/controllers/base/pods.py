"""Pods from templates: what all controllers that make Pods do alike."""

from __future__ import annotations

import copy
from typing import Any

from irsa_sandbox.apiclient import ApiError, Object
from irsa_sandbox.controllers.base.controller import Worker
from irsa_sandbox.controllers.base.kinds import PODS
from irsa_sandbox.controllers.base.owners import owner_reference


def pod_from(template: Object, owner: Object, **metadata: Any) -> Object:
    """A Pod of the template that the owner controls; `metadata` is its name or its prefix."""
    own = copy.deepcopy(template.get("metadata") or {})
    own |= {"namespace": owner["metadata"]["namespace"]} | metadata
    return {
        "metadata": own | {"ownerReferences": [owner_reference(owner)]},
        "spec": copy.deepcopy(template["spec"]),
    }


async def create_pod(controller: Worker, owner: Object, pod: Object) -> ApiError | None:
    """The Pod is made and counted, and an Event of its owner says so; returns the API's refusal.

    Source: kubernetes, pkg/controller, RealPodControl.
    """
    try:
        made = await controller.cluster.create(PODS, pod)
    except ApiError as error:
        text = f"Error creating: {error.message}"
        controller.events.record(owner, "Warning", "FailedCreate", text)
        return error
    text = f"Created pod: {made['metadata']['name']}"
    controller.events.record(owner, "Normal", "SuccessfulCreate", text)
    return None


async def delete_pod(controller: Worker, owner: Object, pod: Object) -> None:
    """The Pod is gone or on its way out, counted so at once, and an Event of its owner says so.

    Source: kubernetes, pkg/controller, RealPodControl.
    """
    await controller.cluster.delete(PODS, pod)
    text = f"Deleted pod: {pod['metadata']['name']}"
    controller.events.record(owner, "Normal", "SuccessfulDelete", text)


def label_of(pod: Object, name: str) -> str:
    """A label's value, empty where the Pod has none."""
    return str((pod["metadata"].get("labels") or {}).get(name, ""))
