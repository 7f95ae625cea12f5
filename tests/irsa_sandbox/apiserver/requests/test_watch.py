"""A change is written once for all its watches, and a watch that does not read is ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import CoreV1Api

from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.apiserver.requests import watch
from irsa_sandbox.apiserver.store.storage import BYTES_KEPT, EVENTS_KEPT, Object, Store

Lines = AsyncIterator[bytes]
BIG = "x" * 900_000
# What the sockets between take in comes on top.
BIG_WRITES = BYTES_KEPT // len(BIG) + 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "kubernetes.sqlite3")
    yield store
    store.close()


def put(store: Store, name: str, resource: str = "configmaps", **more: Any) -> Object:
    metadata = {"name": name, "namespace": "x", **more}
    return store.put((resource, "x", name), {"kind": "ConfigMap", "metadata": metadata})


class Written:
    """Views that note which objects they were asked to show."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def view(self, form: str) -> watch.View:
        def render(body: Object) -> Object:
            self.names.append(f"{form} {body['metadata']['name']}")
            return {"form": form, "metadata": body["metadata"]}

        return watch.View(form, render)


def watching(store: Store, view: watch.View, **more: Any) -> Lines:
    """A watch from now on."""
    options: dict[str, Any] = {
        "namespace": None,
        "selects": lambda body: True,
        "first": view,
        "later": view,
        "revision": store.revision,
        **more,
    }
    wanted = watch.WatchRequest(
        "configmaps",
        bookmark={"kind": "ConfigMap", "apiVersion": "v1"},
        send_initial_events=False,
        timeout_seconds=30,
        **options,
    )
    return watch.events(store, wanted)


async def begun(lines: Lines) -> asyncio.Task[bytes]:
    """The next line of a watch, waited for beside."""
    task = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0)
    return task


async def seen(lines: list[Lines], write: Any) -> list[dict[str, Any]]:
    """What each of some watches says of a write."""
    waiting = [await begun(each) for each in lines]
    write()
    return [json.loads(await each) for each in waiting]


def test_a_change_is_written_once_for_all_watches_of_a_form(store: Store) -> None:
    async def scenario() -> None:
        written = Written()
        whole = [watching(store, written.view("whole")) for _ in range(5)]
        partial = [watching(store, written.view("partial")) for _ in range(5)]
        events = await seen([*whole, *partial], lambda: put(store, "a"))
        assert [each["object"]["form"] for each in events] == ["whole"] * 5 + ["partial"] * 5
        assert {each["object"]["metadata"]["name"] for each in events} == {"a"}
        assert written.names == ["whole a", "partial a"]
        for each in [*whole, *partial]:
            await each.aclose()  # type: ignore[attr-defined]

    asyncio.run(scenario())


def test_what_is_written_once_is_still_seen_by_each_watch_in_its_own_way(store: Store) -> None:
    """The same change comes to be selected by one watch and ceases to be by another."""

    def having(label: str) -> watch.Selector:
        return lambda body: label in body["metadata"].get("labels", {})

    async def scenario() -> None:
        put(store, "a", labels={"old": ""})
        view = Written().view("whole")
        lines = [watching(store, view, selects=having(label)) for label in ("old", "new", "new")]
        everything = watching(store, view)
        events = await seen([*lines, everything], lambda: put(store, "a", labels={"new": ""}))
        assert [each["type"] for each in events] == ["DELETED", "ADDED", "ADDED", "MODIFIED"]

    asyncio.run(scenario())


def test_the_first_row_of_each_watch_has_the_columns(store: Store) -> None:
    async def scenario() -> None:
        views = Written()
        first, later = views.view("with columns"), views.view("without")
        early = watching(store, first, later=later)
        assert [each["object"]["form"] for each in await seen([early], lambda: put(store, "a"))]
        late = watching(store, first, later=later)
        events = await seen([early, late], lambda: put(store, "b"))
        assert [each["object"]["form"] for each in events] == ["without", "with columns"]

    asyncio.run(scenario())


@pytest.mark.parametrize("count", [EVENTS_KEPT + 1, 3], ids=["many", "large"])
def test_a_watch_that_does_not_read_is_ended_and_holds_nothing(store: Store, count: int) -> None:
    """It has one change to read, which many others or a few large ones of any kind push out."""

    async def scenario() -> None:
        view = Written().view("whole")
        idle, other = watching(store, view), watching(store, view)
        await seen([idle, other], lambda: put(store, "a"))
        put(store, "unread")
        assert b'"unread"' in await anext(other)
        large = {} if count > EVENTS_KEPT else {"annotations": "x" * (BYTES_KEPT // 2)}
        for _ in range(count):
            put(store, "busy", "events", **large)
        put(store, "b")
        assert b'"name":"b"' in await anext(other), "nobody else is disturbed"
        assert [line async for line in idle] == [], "it ends without a word"
        [gone] = [line async for line in watching(store, view, revision=1)]
        assert json.loads(gone)["object"]["reason"] == "Expired", "the client lists anew"

    asyncio.run(scenario())


def test_a_client_that_does_not_read_is_let_go(world: SandboxWorld, namespace: str) -> None:
    core = CoreV1Api(world.kubernetes)
    begun = core.list_namespaced_config_map(namespace).metadata.resource_version
    idle = core.list_namespaced_config_map(
        namespace, watch=True, resource_version=begun, _preload_content=False, _request_timeout=20
    )
    for number in range(BIG_WRITES):
        body = {"metadata": {"name": f"big-{number}"}, "data": {"text": BIG}}
        core.create_namespaced_config_map(namespace, body)
    events = [json.loads(line) for line in idle.data.splitlines()]
    assert len(events) < BIG_WRITES, "the stream has ended before all was told"
    names = [each["object"]["metadata"]["name"] for each in events]
    assert names == [f"big-{number}" for number in range(len(events))], "without a gap"
