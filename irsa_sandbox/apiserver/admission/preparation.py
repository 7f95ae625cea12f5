"""What the record of a kind does to an object on its way into the store.

Source: kubernetes, pkg/registry: PrepareForCreate and PrepareForUpdate of each kind; Kubernetes API
conventions.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.kinds import Kind
from irsa_sandbox.apiserver.requests.targets import Target
from irsa_sandbox.apiserver.requests.writers import Writer
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure import managed_fields

SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def apply_defaults(kind: Kind, body: Object) -> None:
    """Fill in what the API server fills in, in place."""
    if kind.has_spec:
        body["spec"] = body.get("spec") or {}
    kind.defaults(body)


def prepare(kind: Kind, body: Object, uid: str, config: Object, writer: Writer, now: str) -> None:
    """A new object before admission: its status begins anew, defaults are filled in, and who set
    which field is written down.

    `config` is the body as it was sent.
    """
    apply_defaults(kind, body)
    if kind.first_status:
        body["status"] = kind.first_status(body)
    kind.on_create(body, uid)
    if writer.applies:
        managed_fields.record_apply(kind, body, config, writer.manager, now)
    else:
        managed_fields.record_update(kind, None, body, writer.manager, now)


def after_update(target: Target, before: Object, body: Object) -> Object:
    """What an update leaves: system fields stay, and each half keeps out of the other's way."""
    metadata, kind = body["metadata"], target.resource
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
    if kind.has_status and "status" in before:
        body["status"] = before["status"]
    apply_defaults(kind, body)
    kind.on_update(before, body)
    if "generation" in before["metadata"]:
        changed = any(before.get(name) != body.get(name) for name in ("spec", "webhooks"))
        metadata["generation"] = before["metadata"]["generation"] + changed
    return body


def same(before: Object, after: Object) -> bool:
    """Whether a write would change nothing but the revision."""

    def bare(body: Object) -> Object:
        metadata = {k: v for k, v in body["metadata"].items() if k != "resourceVersion"}
        return body | {"metadata": metadata}

    return bare(before) == bare(after)


def ready_to_go(kind: Kind, body: Object) -> bool:
    """Marked for deletion, and nothing holds it any more."""
    metadata = body["metadata"]
    if not metadata.get("deletionTimestamp") or kind.is_held(body):
        return False
    return int(metadata.get("deletionGracePeriodSeconds", 0)) == 0
