"""Events: what a component tells about an object, seen in `kubectl describe` and `get events`."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiclient import ApiClient, ApiError, Object, path_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.loops import end, keep_running

log = logging.getLogger("irsa-lab.events")

KEPT = 1000
# So many Events of one reason stand apart; later ones of the same ten minutes are one, counted.
# Source: client-go, tools/record, EventAggregator.
MOST_APART = 10
APART_SECONDS = 600
COMBINED = "(combined from similar events): "


@dataclass(frozen=True)
class _Told:
    """One thing told about an object."""

    about: Object
    kind: str
    reason: str
    message: str
    field_path: str
    at: datetime
    combined: bool = False

    @property
    def stamp(self) -> str:
        """The moment as it stands in objects."""
        return stamp(self.at)

    @property
    def key(self) -> tuple[str, str, str, str]:
        message = COMBINED if self.combined else self.message
        return (self.about["metadata"]["uid"], self.reason, message, self.field_path)


@dataclass
class _Similar:
    """The messages told apart for one reason, and when the last came."""

    last: datetime
    messages: set[str] = field(default_factory=set)


class EventRecorder:
    """Writes the Events of one component in order; the same Event again raises its count.

    Nobody waits for an Event: `record` returns at once, and one that cannot be written is dropped.
    """

    def __init__(self, client: ApiClient, clock: Clock, component: str, host: str = "") -> None:
        self._client = client
        self._clock = clock
        self._source = {"component": component} | ({"host": host} if host else {})
        self._known: OrderedDict[tuple[str, str, str, str], Object] = OrderedDict()
        self._apart: OrderedDict[tuple[str, str, str], _Similar] = OrderedDict()
        self._numbers = itertools.count()
        self._waiting: asyncio.Queue[_Told] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def record(
        self, about: Object, kind: str, reason: str, message: str, *, field_path: str = ""
    ) -> None:
        """An Event about an object; `kind` is Normal or Warning."""
        now = self._clock.of(about["metadata"].get("namespace", "")).now()
        told = self._combined(_Told(about, kind, reason, message, field_path, now))
        self._waiting.put_nowait(told)
        if self._task is None:
            name = f"events of {self._source['component']}"
            self._task = asyncio.create_task(keep_running(name, self._run), name=name)

    def _combined(self, told: _Told) -> _Told:
        """The Event itself, or what it is part of where many were alike but for their message."""
        key = (told.about["metadata"]["uid"], told.reason, told.field_path)
        similar = self._apart.get(key)
        if similar is None or (told.at - similar.last).total_seconds() > APART_SECONDS:
            similar = self._apart[key] = _Similar(told.at)
        if len(self._apart) > KEPT:
            self._apart.popitem(last=False)
        similar.last = told.at
        if told.message in similar.messages or len(similar.messages) < MOST_APART - 1:
            similar.messages.add(told.message)
            return told
        return replace(told, message=COMBINED + told.message, combined=True)

    async def stop(self) -> None:
        """Write nothing more."""
        await end(self._task)

    async def _run(self) -> None:
        while True:
            told = await self._waiting.get()
            try:
                await self._write(told)
            except ApiError as error:
                # The object's namespace or the Event went meanwhile; nobody is left to read it.
                log.debug("Event %s dropped: %s", told.reason, error)
                self._known.pop(told.key, None)

    async def _write(self, told: _Told) -> None:
        if known := self._known.get(told.key):
            metadata = known["metadata"]
            change = {
                "count": known["count"] + 1,
                "lastTimestamp": told.stamp,
                "message": told.message,
            }
            path = path_of("v1", "events", metadata["namespace"], metadata["name"])
            self._known[told.key] = await self._client.patch(path, change)
            return
        namespace = told.about["metadata"].get("namespace", "default")
        made = await self._client.create(path_of("v1", "events", namespace), self._event(told))
        self._known[told.key] = made
        if len(self._known) > KEPT:
            self._known.popitem(last=False)

    def _event(self, told: _Told) -> Object:
        metadata = told.about["metadata"]
        involved = {
            "apiVersion": told.about["apiVersion"],
            "kind": told.about["kind"],
            "name": metadata["name"],
            "namespace": metadata.get("namespace", ""),
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        }
        if told.field_path:
            involved["fieldPath"] = told.field_path
        # By name, Events of the same second stand in the order in which they were told.
        microseconds = int(told.at.timestamp() * 1_000_000)
        number = microseconds * 1000 + next(self._numbers) % 1000
        return {
            "metadata": {
                "name": f"{metadata['name']}.{number:016x}",
                "namespace": metadata.get("namespace", "default"),
            },
            "involvedObject": involved,
            "reason": told.reason,
            "message": told.message,
            "type": told.kind,
            "source": self._source,
            "reportingComponent": self._source["component"],
            "reportingInstance": self._source.get("host", ""),
            "firstTimestamp": told.stamp,
            "lastTimestamp": told.stamp,
            "count": 1,
        }
