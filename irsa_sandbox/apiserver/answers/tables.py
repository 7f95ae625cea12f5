"""The Table form of lists, which `kubectl get` prints.

Source: Kubernetes API concepts, "Receiving resources as Tables".
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import cache
from typing import Any

from irsa_sandbox.apiserver import schemas
from irsa_sandbox.apiserver.kinds import Kind
from irsa_sandbox.apiserver.kinds.columns import Row
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.clock import Clock

log = logging.getLogger("irsa-lab.apiserver")


def table(
    kind: Kind,
    bodies: list[Object],
    metadata: Object,
    clock: Clock,
    *,
    columns: bool = True,
    include: str = "Metadata",
) -> Object:
    """The Table of some objects; each row carries what `include` says beside its cells."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions(kind) if columns else [],
        "rows": [{"cells": _cells(kind, b, clock)} | _included(b, include) for b in bodies],
    }


@cache
def definitions(kind: Kind) -> list[Object]:
    """The columns of a kind, as a Table lists them."""
    return [
        {
            "name": column.name,
            "type": column.type,
            "format": "name" if column.name == "Name" else "",
            "description": _described(column.description),
            "priority": column.priority,
        }
        for column in kind.columns
    ]


def _described(description: str) -> str:
    """The description itself, or where it begins with `@` that of a field in the schemas."""
    if not description.startswith("@"):
        return description
    name, _, field = description[1:].rpartition(".")
    words: str = schemas.definitions()[f"io.k8s.{name}"]["properties"][field]["description"]
    return words


def cells(kind: Kind, body: Object, now: datetime) -> list[Any]:
    """The cells of one object; of one that its columns cannot show, the name alone."""
    row = Row(body, now)
    try:
        return [column.cell(row) for column in kind.columns]
    except Exception:
        log.exception("no row for %s", body["metadata"].get("name"))
        return [body["metadata"].get("name", ""), *["<unknown>"] * (len(kind.columns) - 1)]


def _cells(kind: Kind, body: Object, clock: Clock) -> list[Any]:
    return cells(kind, body, clock.of(body["metadata"].get("namespace", "")).now())


def _included(body: Object, include: str) -> Object:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": body}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {"object": partial | {"metadata": body["metadata"]}}
