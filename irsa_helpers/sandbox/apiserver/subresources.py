"""The subresources that are more than a part of their object: scale and binding."""

from __future__ import annotations

from irsa_helpers.sandbox.apiserver.patches import apply_patch
from irsa_helpers.sandbox.apiserver.storage import Object

SCALE_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(parent: Object) -> Object:
    """The Scale of a Deployment or a ReplicaSet. Source: API reference, autoscaling/v1."""
    selector = parent["spec"].get("selector", {}).get("matchLabels", {})
    metadata = parent["metadata"]
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in SCALE_METADATA if name in metadata},
        "spec": {"replicas": parent["spec"]["replicas"]},
        "status": {
            "replicas": parent.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in selector.items()),
        },
    }


def scaled(parent: Object, content_type: str, wanted: Object) -> Object:
    """The parent with the replicas of a Scale; a content type of a patch has it patched first."""
    scale = scale_of(parent)
    after = apply_patch(content_type, scale, wanted) if "patch" in content_type else wanted
    replicas = after["spec"].get("replicas", 0)
    metadata = dict(parent["metadata"])
    if version := (after.get("metadata") or {}).get("resourceVersion"):
        metadata["resourceVersion"] = version
    return parent | {"metadata": metadata, "spec": parent["spec"] | {"replicas": replicas}}


def bound(pod: Object, node: str, now: str) -> Object:
    """The Pod after a scheduler's decision that it runs on that node."""
    condition = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}
    return pod | {
        "metadata": dict(pod["metadata"]),
        "spec": pod["spec"] | {"nodeName": node},
        "status": pod["status"] | {"conditions": [condition]},
    }
