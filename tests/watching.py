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


def until_names(
    listing: Callable[..., Any], namespace: str, done: Callable[[set[str]], bool]
) -> None:
    """Return when the names of the objects of that kind pass."""
    found = listing(namespace)
    names = {each.metadata.name for each in found.items}

    def passes(kind: str, body: Any) -> bool:
        (names.discard if kind == "DELETED" else names.add)(body.metadata.name)
        return done(names)

    if not done(names):
        until(listing, namespace, passes, resource_version=found.metadata.resource_version)


def until_none(listing: Callable[..., Any], namespace: str) -> None:
    """Return when no object of that kind is there any more."""
    until_names(listing, namespace, lambda names: not names)
