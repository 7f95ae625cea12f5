"""The Table form of lists, which `kubectl get` prints.

Source: Kubernetes API concepts, "Receiving resources as Tables".
"""

from __future__ import annotations

import logging
from typing import Any

from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.table_columns import FORMS, OTHER, definitions
from irsa_sandbox.clock import Clock

log = logging.getLogger("irsa-lab.apiserver")


def table(
    resource: str,
    bodies: list[Object],
    metadata: Object,
    clock: Clock,
    *,
    columns: bool = True,
    include: str = "Metadata",
) -> Object:
    """The Table of some objects; each row carries what `include` says beside its cells."""
    _, cells = FORMS.get(resource, OTHER)
    shown = definitions(resource)
    rows = [
        {"cells": _cells(cells, len(shown), body, clock)} | _included(body, include)
        for body in bodies
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": shown if columns else [],
        "rows": rows,
    }


def _cells(cells: Any, count: int, body: Object, clock: Clock) -> list[Any]:
    """The cells of one object; of one that its columns cannot show, the name alone."""
    now = clock.of(body["metadata"].get("namespace", "")).now()
    try:
        found: list[Any] = cells(body, now)
        if len(found) != count:
            raise ValueError(f"{len(found)} cells under {count} columns")
    except Exception:
        log.exception("no row for %s", body["metadata"].get("name"))
        return [body["metadata"].get("name", ""), *["<unknown>"] * (count - 1)]
    return found


def _included(body: Object, include: str) -> Object:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": body}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {"object": partial | {"metadata": body["metadata"]}}
