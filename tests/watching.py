"""A test's way to wait for what a cluster's parts do in their own time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubernetes.watch import Watch

SECONDS = 20


def until(
    listing: Callable[..., Any],
    namespace: str,
    done: Callable[[str, Any], bool],
    **options: Any,
) -> Any:
    """The first object whose (event type, object) passes; a watch brings each change."""
    for event in Watch().stream(listing, namespace, timeout_seconds=SECONDS, **options):
        if done(event["type"], event["object"]):
            return event["object"]
    raise AssertionError(f"{SECONDS} s went by")


def until_none(listing: Callable[..., Any], namespace: str) -> None:
    """Return when no object of that kind is there any more."""
    found = listing(namespace)
    left = {each.metadata.name for each in found.items}

    def empty(kind: str, body: Any) -> bool:
        (left.discard if kind == "DELETED" else left.add)(body.metadata.name)
        return not left

    if left:
        until(listing, namespace, empty, resource_version=found.metadata.resource_version)
