"""Watches: a stream of changes, one JSON object a line.

Source: Kubernetes API concepts, "Efficient detection of changes".
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from irsa_sandbox.apiserver.rendering import UNWRITABLE
from irsa_sandbox.apiserver.storage import Change, Object, Store

log = logging.getLogger("irsa-lab.apiserver")

Selector = Callable[[Object], bool]
Render = Callable[[Object], Object]

BOOKMARK_SECONDS = 60
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True)
class WatchRequest:
    """What a client wants to see, and for how long."""

    resource: str
    namespace: str | None
    selects: Selector
    render: Render
    bookmark: Object
    revision: int | None
    send_initial_events: bool
    timeout_seconds: float
    bookmarks: bool = False


async def events(store: Store, wanted: WatchRequest) -> AsyncIterator[bytes]:
    """The lines of a watch until its time is up."""
    queue = store.watch()
    try:
        seen = store.revision
        if wanted.revision is None or wanted.send_initial_events:
            for body in store.list(wanted.resource, wanted.namespace):
                if wanted.selects(body) and (line := _object_line("ADDED", body, wanted)):
                    yield line
            if wanted.send_initial_events:
                yield _line("BOOKMARK", _bookmark(wanted.bookmark, seen, INITIAL_EVENTS_END))
        elif wanted.revision < store.oldest_revision:
            yield _line("ERROR", _gone(wanted.revision, store.oldest_revision))
            return
        else:
            for change in store.since(wanted.revision):
                if line := _event(change, wanted):
                    yield line
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wanted.timeout_seconds
        while (left := deadline - loop.time()) > 0:
            try:
                change = await asyncio.wait_for(queue.get(), min(left, BOOKMARK_SECONDS))
            except TimeoutError:
                if wanted.bookmarks:
                    yield _line("BOOKMARK", _bookmark(wanted.bookmark, store.revision))
                continue
            if change.revision > seen and (line := _event(change, wanted)):
                yield line
    finally:
        store.unwatch(queue)


def _event(change: Change, wanted: WatchRequest) -> bytes | None:
    """The line of a change, None where this watch does not see it.

    An object that comes to be selected is ADDED for this watch, one that ceases to be is DELETED.
    """
    resource, namespace, _ = change.key
    if resource != wanted.resource or wanted.namespace not in (None, namespace):
        return None
    was = change.before is not None and wanted.selects(change.before)
    now = change.type != "DELETED" and wanted.selects(change.object)
    if not was and not now:
        return None
    kind = "DELETED" if not now else ("MODIFIED" if was else "ADDED")
    return _object_line(kind, change.object, wanted)


def _object_line(kind: str, body: Object, wanted: WatchRequest) -> bytes | None:
    """The line of an object; None for one that cannot be written, which the watch goes without."""
    shown = wanted.render(body)
    try:
        return _line(kind, shown)
    except UNWRITABLE:
        log.exception("a watch of %s leaves out what cannot be written", wanted.resource)
        return None


def _line(kind: str, body: Object) -> bytes:
    line = json.dumps({"type": kind, "object": body}, separators=(",", ":"), allow_nan=False)
    return f"{line}\n".encode()


def _bookmark(body: Object, revision: int, *marks: str) -> Object:
    metadata = {"resourceVersion": str(revision), "creationTimestamp": None}
    marked = {"annotations": dict.fromkeys(marks, "true")} if marks else {}
    return body | {"metadata": metadata | marked}


def _gone(asked: int, oldest: int) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"too old resource version: {asked} ({oldest})",
        "reason": "Expired",
        "code": 410,
    }
