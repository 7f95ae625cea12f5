"""Events that are alike are one with a count, as client-go's recorder makes them."""

from __future__ import annotations

import asyncio
from typing import Any

from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.base.events import EventRecorder

ABOUT = {
    "apiVersion": "apps/v1",
    "kind": "ReplicaSet",
    "metadata": {"name": "app", "namespace": "ns", "uid": "u", "resourceVersion": "1"},
}


class Api:
    """The API server, as far as Events are written to it."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.writes = 0

    async def create(self, _path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.writes += 1
        self.events[body["metadata"]["name"]] = body
        return body

    async def patch(self, path: str, change: dict[str, Any]) -> dict[str, Any]:
        self.writes += 1
        self.events[path.rpartition("/")[2]] |= change
        return self.events[path.rpartition("/")[2]]


def told(messages: list[str], clock: Clock, pause_seconds: float = 0) -> list[dict[str, Any]]:
    """The Events that stand when these messages have been told."""

    async def scenario() -> list[dict[str, Any]]:
        api = Api()
        recorder = EventRecorder(api, clock, "replicaset-controller")  # type: ignore[arg-type]
        for message in messages:
            recorder.record(ABOUT, "Warning", "FailedCreate", message)
            clock.advance(pause_seconds)
        while api.writes < len(messages):
            await asyncio.sleep(0)
        await recorder.stop()
        return list(api.events.values())

    return asyncio.run(asyncio.wait_for(scenario(), 20))


def test_the_same_event_again_raises_its_count() -> None:
    [event] = told(["no"] * 30, Clock())
    assert (event["message"], event["count"]) == ("no", 30)


def test_from_the_tenth_on_events_that_differ_in_their_message_are_one() -> None:
    events = told([f"Pod app-{each} is invalid" for each in range(100)], Clock())
    assert [each["count"] for each in events] == [1] * 9 + [91]
    assert events[-1]["message"] == "(combined from similar events): Pod app-99 is invalid"


def test_events_that_are_far_apart_are_not_combined() -> None:
    events = told([f"Pod app-{each} is invalid" for each in range(15)], Clock(), 601)
    assert [each["count"] for each in events] == [1] * 15
