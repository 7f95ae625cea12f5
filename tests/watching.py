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
