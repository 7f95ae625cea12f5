"""The Table form of lists, which `kubectl get` prints.

Source: Kubernetes API concepts, "Receiving resources as Tables".
"""

from __future__ import annotations

from datetime import datetime

from irsa_helpers.sandbox.apiserver.storage import Object
from irsa_helpers.sandbox.apiserver.table_columns import FORMS, OTHER, definitions


def table(
    resource: str,
    bodies: list[Object],
    metadata: Object,
    now: datetime,
    *,
    columns: bool = True,
    include: str = "Metadata",
) -> Object:
    """The Table of some objects; each row carries what `include` says beside its cells."""
    _, cells = FORMS.get(resource, OTHER)
    rows = [{"cells": cells(body, now)} | _included(body, include) for body in bodies]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions(resource) if columns else [],
        "rows": rows,
    }


def _included(body: Object, include: str) -> Object:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": body}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {"object": partial | {"metadata": body["metadata"]}}
