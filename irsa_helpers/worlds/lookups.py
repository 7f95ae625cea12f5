"""Reading and deleting things that may not be there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernetes.dynamic import Resource


def kubernetes_object(resource: Resource, name: str, namespace: str | None = None) -> Any | None:
    """The object of that name, or None where the API answers 404.

    `kubernetes_object(world.resource("v1", "ServiceAccount"), "enginrect-sa", "default")`
    """
    from kubernetes.dynamic.exceptions import NotFoundError

    try:
        return resource.get(name=name, namespace=namespace)
    except NotFoundError:
        return None


def delete_object(resource: Resource, name: str, namespace: str | None = None) -> None:
    """The object is deleted; no error where it is gone already, such as with its namespace."""
    from kubernetes.dynamic.exceptions import NotFoundError

    with contextlib.suppress(NotFoundError):
        resource.delete(name=name, namespace=namespace)
