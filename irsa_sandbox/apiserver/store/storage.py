"""The API server's store: objects in memory; a write is on disk before it is acknowledged."""

from __future__ import annotations

import bisect
import contextlib
import heapq
import json
import sqlite3
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from irsa_sandbox import disk, notices
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.store.watchers import Change, Watcher, Watchers

Object = dict[str, Any]
Key = tuple[str, str, str]  # resource's qualified name, namespace, name
Place = tuple[str, str]  # namespace, name

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    resource TEXT, namespace TEXT, name TEXT, body TEXT NOT NULL,
    PRIMARY KEY (resource, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revision (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER);
"""
EVENTS_KEPT = 4_000  # changes: as many as three hundred Pods make that come and go
BYTES_KEPT = 32 * 2**20
# What etcd says when it may not grow any more.
NO_SPACE = "etcdserver: mvcc: database space exceeded"
_TOGETHER: ContextVar[bool] = ContextVar("a task's writes wait for the disk as one", default=False)


class Store:
    """Objects by resource, namespace and name; each write gets the next revision.

    What is `transient` may be lost when the machine loses power, though not when the sandbox is
    killed.
    """

    def __init__(self, path: Path, transient: Collection[str] = ()) -> None:
        self._transient = transient
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._database = _opened(path)
        self._objects: dict[str, dict[Place, Object]] = {}
        self._order: dict[str, list[Place]] = {}
        self._sizes: dict[Key, int] = {}
        self._load()
        row = self._database.execute("SELECT value FROM revision").fetchone()
        self.is_new = row is None
        self.revision: int = row[0] if row else 1
        self._log: deque[Change] = deque()
        self._log_bytes = 0
        self.oldest_revision = self.revision
        self._watchers = Watchers()

    def _load(self) -> None:
        """Read what is stored. An object that cannot be read is left out, and a notice names it."""
        for resource, namespace, name, body in self._database.execute("SELECT * FROM objects"):
            try:
                self._keep((resource, namespace, name), json.loads(body), len(body))
            except (ValueError, RecursionError) as error:
                place = "/".join(filter(None, (resource, namespace, name)))
                text = f"{place} cannot be read from {self._path} and is left out: {error}"
                notices.tell(place, text)

    def _keep(self, key: Key, body: Object, size: int) -> None:
        """Put the object at its place, in order; `size` is its length as JSON."""
        self._sizes[key] = size
        objects = self._objects.setdefault(key[0], {})
        if key[1:] not in objects:
            bisect.insort(self._order.setdefault(key[0], []), key[1:])
        objects[key[1:]] = body

    def _drop(self, key: Key) -> int:
        """Remove the object at that place; returns its size."""
        del self._objects[key[0]][key[1:]]
        order = self._order[key[0]]
        del order[bisect.bisect_left(order, key[1:])]
        return self._sizes.pop(key)

    def get(self, key: Key) -> Object | None:
        """The object, or None. It is shared: copy before changing it."""
        return self._objects.get(key[0], {}).get(key[1:])

    def list(self, resource: str, namespace: str | None = None) -> list[Object]:
        """The objects of a resource, in all namespaces or in one, in order of their keys."""
        objects = self._objects.get(resource, {})
        return [objects[place] for place in self._places(resource, namespace)]

    def scan(
        self, revision: int, resource: str, namespace: str | None, after: Place | None = None
    ) -> Iterator[Object]:
        """The objects behind a place, as they were at a revision that the log still reaches.

        Objects before that place cost nothing: it is found by binary search.
        """
        objects, before = self._objects.get(resource, {}), self._undone(revision, resource)
        gone = sorted(place for place, body in before.items() if body and place not in objects)
        behind = [place for place in gone if namespace in (None, place[0])]
        behind = behind[bisect.bisect_right(behind, after) if after else 0 :]
        for place in heapq.merge(self._places(resource, namespace, after), behind):
            body = before[place] if place in before else objects[place]
            if body is not None:
                yield body

    def count(
        self, revision: int, resource: str, namespace: str | None, after: Place | None = None
    ) -> int:
        """How many objects `scan` would give."""
        if revision == self.revision:
            return len(self._places(resource, namespace, after))
        return sum(1 for _ in self.scan(revision, resource, namespace, after))

    def _places(
        self, resource: str, namespace: str | None, after: Place | None = None
    ) -> Sequence[Place]:
        """The places of what there is, in order, in one namespace or in all."""
        order = self._order.get(resource, [])
        first, last = 0, len(order)
        if namespace is not None:
            first = bisect.bisect_left(order, (namespace, ""))
            last = bisect.bisect_left(order, (namespace + "\0", ""))
        if after is not None:
            first = max(first, bisect.bisect_right(order, after))
        return order[first:last]

    def _undone(self, revision: int, resource: str) -> dict[Place, Object | None]:
        """What stood at each place that has changed since; None where nothing did."""
        before: dict[Place, Object | None] = {}
        for change in reversed(self._log):
            if change.revision <= revision:
                break
            if change.key[0] == resource:
                before[change.key[1:]] = change.before
        return before

    def put(self, key: Key, body: Object) -> Object:
        """Write an object on disk, then show it to readers and watchers; sets resourceVersion."""
        before = self.get(key)
        revision = self.revision + 1
        body["metadata"]["resourceVersion"] = str(revision)
        text = json.dumps(body)
        with self._waiting_for_the_disk(key):
            self._commit(revision, "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", *key, text)
        self._keep(key, body, len(text))
        kind = "MODIFIED" if before else "ADDED"
        self._publish(Change(revision, kind, key, body, before, len(text)))
        return body

    def delete(self, key: Key) -> Object:
        """Take an object away; returns it as it last was, with the deletion's resourceVersion."""
        revision = self.revision + 1
        before = self._objects[key[0]][key[1:]]
        last = before | {"metadata": before["metadata"] | {"resourceVersion": str(revision)}}
        statement = "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"
        with self._waiting_for_the_disk(key):
            self._commit(revision, statement, *key)
        size = self._drop(key)
        self._publish(Change(revision, "DELETED", key, last, before, size))
        return last

    def since(self, revision: int) -> Iterator[Change]:
        """The changes after a revision, oldest first."""
        return (change for change in list(self._log) if change.revision > revision)

    def watch(self, resource: str, namespace: str | None = None) -> Watcher:
        """What receives every change of a resource from now on, in all namespaces or in one.

        Hand it to `unwatch` at the end. It is ended by itself where what it has to read is
        forgotten: a watch that does not read holds no more than the history does.
        """
        watcher = Watcher(resource, namespace)
        self._watchers.add(watcher)
        return watcher

    def unwatch(self, watcher: Watcher) -> None:
        """Stop feeding a watch."""
        self._watchers.remove(watcher)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """The writes that this task makes in the block are on the disk itself at its end.

        For many writes that are acknowledged as one: they wait for the slow disk once.
        """
        token = _TOGETHER.set(True)
        try:
            yield
        finally:
            _TOGETHER.reset(token)
            # The log of the database is one file: with this write, all before it are on the disk.
            statement = "INSERT OR REPLACE INTO revision VALUES (1, ?)"
            self._commit(self.revision, statement, self.revision)

    @contextlib.contextmanager
    def _waiting_for_the_disk(self, key: Key) -> Iterator[None]:
        """Whether a write is on the disk itself before it is acknowledged. Source: SQLite, WAL."""
        waits = key[0] not in self._transient and not _TOGETHER.get()
        if not waits:
            self._database.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            if not waits:
                self._database.execute("PRAGMA synchronous = FULL")

    def _commit(self, revision: int, statement: str, *values: object) -> None:
        """Both on disk, or neither. Raises StatusError where there is no space."""
        try:
            with self._database:  # commits, or rolls back
                self._database.execute("BEGIN")
                self._database.execute(statement, values)
                self._database.execute("INSERT OR REPLACE INTO revision VALUES (1, ?)", (revision,))
        except sqlite3.OperationalError as error:
            if not disk.is_full(error):
                raise
            text = f"{NO_SPACE}: {disk.no_space(self._path.parent)}"
            raise StatusError(500, "", text) from error
        disk.has_space()
        self.revision = revision

    def _publish(self, change: Change) -> None:
        self._log.append(change)
        self._log_bytes += change.size
        self._watchers.tell(change)
        while len(self._log) > EVENTS_KEPT or self._log_bytes > BYTES_KEPT:
            forgotten = self._log.popleft()
            self._log_bytes -= forgotten.size
            self.oldest_revision = forgotten.revision
        self._watchers.end_those_behind(self.oldest_revision)


def _opened(path: Path) -> sqlite3.Connection:
    """The database of that file; a damaged file is set aside, and an empty one takes its place."""
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # no space, no right to read: the file itself may be whole
        disk.set_aside(path, f"{error}; what was in the cluster is lost")
        for beside in (path.with_name(f"{path.name}-{end}") for end in ("wal", "shm")):
            beside.unlink(missing_ok=True)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)  # Secrets are in it; what SQLite lays beside it has the same mode
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(SCHEMA)
        database.execute("SELECT count(*) FROM objects")
    except sqlite3.Error:
        database.close()
        raise
    return database
