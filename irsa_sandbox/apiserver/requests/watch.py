"""Watches: a stream of changes, one JSON object a line.

Source: Kubernetes API concepts, "Efficient detection of changes".
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from dataclasses import dataclass

from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.store.watchers import Change, Told
from irsa_sandbox.apiserver.structure.rendering import UNWRITABLE

log = logging.getLogger("irsa-lab.apiserver")

Selector = Callable[[Object], bool]
Render = Callable[[Object], Object]

BOOKMARK_SECONDS = 60
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True)
class View:
    """How a watch shows an object. Views of one `form` show every object alike."""

    form: Hashable
    render: Render


@dataclass(frozen=True)
class WatchRequest:
    """What a client wants to see, and for how long.

    `first` is the view of the first object that is sent, `later` of all others.
    """

    resource: str
    namespace: str | None
    selects: Selector
    first: View
    later: View
    bookmark: Object
    revision: int | None
    send_initial_events: bool
    timeout_seconds: float
    bookmarks: bool = False

    @property
    def follows_on(self) -> int | None:
        """The revision whose changes come next, None where what is there comes first."""
        return None if self.send_initial_events else self.revision


async def events(store: Store, wanted: WatchRequest) -> AsyncIterator[bytes]:
    """The lines of a watch until its time is up, or until it has fallen behind the history.

    Nothing is said at that end, as on a real server: the client watches on from what it has seen
    last, is told that this is gone, and lists anew.
    """
    if wanted.follows_on is not None and wanted.follows_on < store.oldest_revision:
        yield _line("ERROR", _gone(wanted.follows_on, store.oldest_revision))
        return
    watcher, writer = store.watch(wanted.resource, wanted.namespace), _Writer(wanted)
    try:
        for line in _opening(store, wanted, writer):
            yield line
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wanted.timeout_seconds
        while not watcher.ended and (left := deadline - loop.time()) > 0:
            told = await watcher.next(min(left, BOOKMARK_SECONDS))
            if told and (change := writer.change(told)):
                yield change
            elif not told and wanted.bookmarks and not watcher.ended:
                yield _line("BOOKMARK", _bookmark(wanted.bookmark, store.revision))
    finally:
        store.unwatch(watcher)


def _opening(store: Store, wanted: WatchRequest, writer: _Writer) -> Iterator[bytes]:
    """What there is, or what has changed since the revision that the watch goes on from."""
    if wanted.follows_on is not None:
        changes = (Told(change) for change in store.since(wanted.follows_on))
        yield from filter(None, map(writer.change, changes))
        return
    revision = store.revision
    bodies = filter(wanted.selects, store.list(wanted.resource, wanted.namespace))
    yield from filter(None, map(writer.there, bodies))
    if wanted.send_initial_events:
        yield _line("BOOKMARK", _bookmark(wanted.bookmark, revision, INITIAL_EVENTS_END))


class _Writer:
    """Writes the lines of one watch."""

    def __init__(self, wanted: WatchRequest) -> None:
        self._wanted = wanted
        self._view = wanted.first

    def there(self, body: Object) -> bytes | None:
        """The line of an object that is there."""
        return self._counted(_object_line("ADDED", body, self._view))

    def change(self, told: Told) -> bytes | None:
        """The line of a change, None where this watch does not see it."""
        kind, view = _kind(told.change, self._wanted), self._view
        if kind is None:
            return None
        body = told.change.object
        line = told.line((kind, view.form), lambda: _object_line(kind, body, view))
        return self._counted(line)

    def _counted(self, line: bytes | None) -> bytes | None:
        self._view = self._wanted.later if line else self._view
        return line


def _kind(change: Change, wanted: WatchRequest) -> str | None:
    """The event type of a change for a watch, None where the watch does not see it.

    An object that comes to be selected is ADDED for this watch, one that ceases to be is DELETED.
    """
    resource, namespace, _ = change.key
    if resource != wanted.resource or wanted.namespace not in (None, namespace):
        return None
    was = change.before is not None and wanted.selects(change.before)
    now = change.type != "DELETED" and wanted.selects(change.object)
    if not was and not now:
        return None
    return "DELETED" if not now else ("MODIFIED" if was else "ADDED")


def _object_line(kind: str, body: Object, view: View) -> bytes | None:
    """The line of an object; None for one that cannot be written: the watch leaves it out."""
    shown = view.render(body)
    try:
        return _line(kind, shown)
    except UNWRITABLE:
        name = body["metadata"].get("name")
        log.exception("a watch leaves out %s %s, which cannot be written", body.get("kind"), name)
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
