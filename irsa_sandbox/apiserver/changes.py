"""What an update leaves of the object that was there, and whether it changes or ends it.

Source: Kubernetes API conventions; the strategies of kubernetes, pkg/registry.
"""

from __future__ import annotations

from irsa_sandbox.apiserver import defaults
from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.targets import Target

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def after_update(target: Target, before: Object, body: Object) -> Object:
    """What an update leaves: system fields stay, and each half keeps out of the other's way."""
    metadata = body["metadata"]
    for name in SYSTEM_FIELDS:
        metadata.pop(name, None)
        if name in before["metadata"]:
            metadata[name] = before["metadata"][name]
    if target.subresource == "status":
        metadata = before["metadata"] | {
            k: v for k, v in metadata.items() if k in {"labels", "annotations"}
        }
        metadata.pop("managedFields", None)
        return before | {"metadata": metadata, "status": body.get("status", {})}
    if target.resource.has_status and "status" in before:
        body["status"] = before["status"]
    if target.resource.kind == "Service":
        _keep_addresses(before, body)
    if target.resource.kind == "Namespace":
        defaults.label_namespace(body)
    else:
        defaults.apply_defaults(target.resource, body)
    if target.resource.kind == "DaemonSet":
        count_template(body, before)
    if "generation" in before["metadata"]:
        changed = any(before.get(name) != body.get(name) for name in ("spec", "webhooks"))
        metadata["generation"] = before["metadata"]["generation"] + changed
    return body


def count_template(body: Object, before: Object | None) -> None:
    """A DaemonSet's annotation says how often its template has changed, in place.

    Source: kubernetes, pkg/registry/apps/daemonset, pkg/apis/apps/v1/conversion.go.
    """
    count = 1
    if before is not None:
        known = (before["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "0")
        changed = before["spec"].get("template") != body["spec"].get("template")
        count = int(known) + changed
    annotations = body["metadata"].get("annotations") or {}
    body["metadata"]["annotations"] = annotations | {TEMPLATE_GENERATION: str(count)}


def _keep_addresses(before: Object, after: Object) -> None:
    """A Service that does not name its addresses keeps those it has."""
    after["spec"] = after.get("spec") or {}
    for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if name in before["spec"] and not after["spec"].get(name):
            after["spec"][name] = before["spec"][name]


def same(before: Object, after: Object) -> bool:
    """Whether a write would change nothing but the revision."""

    def bare(body: Object) -> Object:
        metadata = {k: v for k, v in body["metadata"].items() if k != "resourceVersion"}
        return body | {"metadata": metadata}

    return bare(before) == bare(after)


def ready_to_go(resource: Resource, body: Object) -> bool:
    """Marked for deletion, and the last finalizer is gone."""
    if not body["metadata"].get("deletionTimestamp"):
        return False
    if resource.kind == "Namespace":
        return not (body.get("spec") or {}).get("finalizers")
    return int(body["metadata"].get("deletionGracePeriodSeconds", 0)) == 0
