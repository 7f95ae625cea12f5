"""Namespaces. Before one is gone, a controller deletes all that is in it.

Source: kubernetes, pkg/registry/core/namespace.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, Column
from irsa_sandbox.apiserver.kinds.kind import ALL_VERBS, STATUS, Kind, Subresource, fields
from irsa_sandbox.apiserver.store.storage import Object

UNDELETABLE = ("default", "kube-system", "kube-public")
# Those that the API server makes itself.
FIRST = (*UNDELETABLE, "kube-node-lease")


def _label(body: Object) -> None:
    """A Namespace carries its name as a label too."""
    labels = body["metadata"].setdefault("labels", {})
    labels.setdefault("kubernetes.io/metadata.name", body["metadata"].get("name", ""))


def _hold(body: Object, _uid: str) -> None:
    """It is there until what is in it has gone."""
    body["spec"] = {"finalizers": ["kubernetes"]}


def _terminate(body: Object) -> None:
    body["status"] = {"phase": "Terminating"}


NAMESPACE = Kind(
    *("", "v1", "namespaces", "Namespace", False),
    short_names=("ns",),
    verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
    subresources=(Subresource("finalize", ("update",)), STATUS),
    columns=(
        NAME,
        Column("Status", "The status of the namespace", lambda row: row.status.get("phase", "")),
        AGE,
    ),
    selectable=fields("status.phase"),
    first_status=lambda _: {"phase": "Active"},
    defaults=_label,
    on_create=_hold,
    name_form=formats.dns_label,
    undeletable=frozenset(UNDELETABLE),
    on_delete=_terminate,
    is_held=lambda body: bool((body.get("spec") or {}).get("finalizers")),
    skeleton={"spec": {"finalizers": ["kubernetes"]}},
)
