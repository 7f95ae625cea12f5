"""Reading things that may not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def kubernetes_object(read: Callable[..., Any], *names: str) -> Any | None:
    """What the Kubernetes client's `read_…` call gives, or None where the API answers 404.

    `kubernetes_object(world.core_v1.read_namespaced_service_account, "enginrect-sa", "default")`
    """
    from kubernetes.client import ApiException

    try:
        return read(*names)
    except ApiException as error:
        if error.status != 404:
            raise
        return None
