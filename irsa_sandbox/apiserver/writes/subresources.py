"""The subresources that are more than a part of their object: scale, binding, exec, attach."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import QueryParams

from irsa_sandbox.apiserver.ground.go_json import type_name
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import bad_request, invalid
from irsa_sandbox.apiserver.requests.options import truth
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.patches import apply_patch
from irsa_sandbox.apiserver.validation.causes import at_least_zero

SCALE_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")

SCALE = Resource("autoscaling", "v1", "scales", "Scale")


def _scale_schema() -> Object:
    """What of a Scale's schema a patch needs: none of its lists joins."""
    spec = {"type": "object", "properties": {"replicas": {"type": "integer"}}}
    return {"type": "object", "properties": {"spec": spec}}


def scale_of(parent: Object) -> Object:
    """The Scale of a Deployment or a ReplicaSet. Source: API reference, autoscaling/v1."""
    selector = parent["spec"].get("selector", {}).get("matchLabels", {})
    metadata = parent["metadata"]
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in SCALE_METADATA if name in metadata},
        "spec": {"replicas": parent["spec"].get("replicas", 0)},
        "status": {
            "replicas": parent.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in selector.items()),
        },
    }


def scaled(parent: Object, patch_type: str, wanted: Any) -> Object:
    """The parent with the replicas of a Scale; a patch is laid over the present Scale first.

    Raises StatusError 400 or 422 for a Scale that makes no sense, 409 for an outdated one.
    """
    scale = scale_of(parent)
    after = apply_patch(patch_type, scale, wanted, _scale_schema()) if patch_type else wanted
    if not isinstance(after, dict):
        raise bad_request("the object provided must be of type Scale")
    name, replicas = parent["metadata"]["name"], (after.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request(
            'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal '
            f"{type_name(replicas)} into Go struct field ScaleSpec.spec.replicas of type int32"
        )
    if negative := at_least_zero("spec", {"replicas": replicas}, "replicas"):
        raise invalid(SCALE, name, negative)
    metadata = dict(parent["metadata"])
    if version := (after.get("metadata") or {}).get("resourceVersion"):
        metadata["resourceVersion"] = version
    return parent | {"metadata": metadata, "spec": parent["spec"] | {"replicas": replicas}}


def stream_options(subresource: str, query: QueryParams) -> Object:
    """What a session is asked with, as an object. Source: API reference, PodExecOptions."""
    kind = {"exec": "PodExecOptions", "attach": "PodAttachOptions"}[subresource]
    flags = {n: True for n in ("stdin", "stdout", "stderr", "tty") if truth(query, n)}
    container = {"container": query["container"]} if query.get("container") else {}
    command = {"command": query.getlist("command")} if subresource == "exec" else {}
    return {"kind": kind, "apiVersion": "v1", **flags, **container, **command}


def bound(pod: Object, node: str, now: str) -> Object:
    """The Pod after a scheduler's decision that it runs on that node."""
    condition = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}
    return pod | {
        "metadata": dict(pod["metadata"]),
        "spec": pod["spec"] | {"nodeName": node},
        "status": pod["status"] | {"conditions": [condition]},
    }
