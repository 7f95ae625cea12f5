"""A change, who watches its resource, and what each watch has still to read.

Source: kubernetes, apiserver, pkg/storage/cacher: a watch that does not keep up is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One write: ADDED, MODIFIED or DELETED, with the object before and after it."""

    revision: int
    type: str
    key: tuple[str, str, str]  # resource's qualified name, namespace, name
    object: dict[str, Any]
    before: dict[str, Any] | None
    size: int = 0  # of the object as JSON, in bytes


class Told:
    """A change on its way to its watches, and the lines that were written of it on the way.

    The lines go with the last watch that has the change still to read.
    """

    def __init__(self, change: Change) -> None:
        self.change = change
        self._lines: dict[Hashable, bytes | None] = {}

    def line(self, form: Hashable, write: Callable[[], bytes | None]) -> bytes | None:
        """The line in that form: what `write` returns, which is called once for each form."""
        if form not in self._lines:
            self._lines[form] = write()
        return self._lines[form]


class Watcher:
    """The changes that one watch has still to read, oldest first."""

    def __init__(self, resource: str, namespace: str | None) -> None:
        self.resource = resource
        self.namespace = namespace
        self.ended = False
        self._unread: deque[Told] = deque()
        self._stirred = asyncio.Event()

    def tell(self, told: Told) -> None:
        """One more to read, where it is about the watch's namespace."""
        if not self.ended and self.namespace in (None, told.change.key[1]):
            self._unread.append(told)
            self._stirred.set()

    def end_if_behind(self, oldest_revision: int) -> None:
        """End the watch where what it would read next is forgotten; nothing is kept for it."""
        if self._unread and self._unread[0].change.revision <= oldest_revision:
            self.ended = True
            self._unread.clear()
            self._stirred.set()

    async def next(self, seconds: float) -> Told | None:
        """The next change; None where none comes in that time, or where the watch is ended."""
        if not self._unread and not self.ended:
            self._stirred.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stirred.wait()
        return self._unread.popleft() if self._unread else None


class Watchers:
    """All watches, the oldest first; a change costs those of its own resource alone."""

    def __init__(self) -> None:
        self._by_resource: dict[str, dict[Watcher, None]] = {}

    def add(self, watcher: Watcher) -> None:
        """It is told of every change from now on."""
        self._by_resource.setdefault(watcher.resource, {})[watcher] = None

    def remove(self, watcher: Watcher) -> None:
        """It is told of nothing more."""
        self._by_resource[watcher.resource].pop(watcher, None)

    def tell(self, change: Change) -> None:
        """Every watch of the resource has the change to read."""
        told = Told(change)
        for watcher in self._by_resource.get(change.key[0], ()):
            watcher.tell(told)

    def end_those_behind(self, oldest_revision: int) -> None:
        """End the watches that could not go on from a revision that is forgotten."""
        for watchers in self._by_resource.values():
            for watcher in watchers:
                watcher.end_if_behind(oldest_revision)
