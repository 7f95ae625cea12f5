"""A write that does not reach the disk does not exist, and is in nobody's way."""

from __future__ import annotations

import asyncio
import contextvars
import random
import sqlite3
from pathlib import Path

import pytest

from irsa_sandbox import notices
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.store.storage import BYTES_KEPT, Store


def test_a_full_disk_refuses_a_write_and_takes_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path / "kubernetes.sqlite3")
    database = sqlite3.connect(tmp_path / "kubernetes.sqlite3")
    [pages] = database.execute("PRAGMA page_count").fetchone()
    store._database.execute(f"PRAGMA max_page_count = {pages}")
    key, revision = ("configmaps", "default", "big"), store.revision
    with pytest.raises(StatusError, match="mvcc: database space exceeded: no space left"):
        store.put(key, {"metadata": {"name": "big"}, "data": {"text": "x" * 100_000}})
    assert (store.get(key), store.revision) == (None, revision)
    store._database.execute("PRAGMA max_page_count = 100000")
    store.put(key, {"metadata": {"name": "big"}})
    store.close()
    again = Store(tmp_path / "kubernetes.sqlite3")
    assert again.get(key) is not None
    again.close()
    database.close()


@pytest.mark.parametrize("body", ["{half", "", "[" * 100_000])
def test_an_object_that_cannot_be_read_costs_itself(tmp_path: Path, body: str) -> None:
    path = tmp_path / "kubernetes.sqlite3"
    store = Store(path)
    for name in ("bad", "good"):
        store.put(("configmaps", "default", name), {"metadata": {"name": name}})
    store._database.execute("UPDATE objects SET body = ? WHERE name = 'bad'", (body,))
    store.close()
    again = Store(path)
    assert [each["metadata"]["name"] for each in again.list("configmaps")] == ["good"]
    assert any("configmaps/default/bad cannot be read" in text for text in notices.told())
    again.close()


def test_a_damaged_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "kubernetes.sqlite3"
    path.write_bytes(b"no database" * 1000)
    store = Store(path)
    assert store.list("configmaps") == []
    assert (tmp_path / "kubernetes.sqlite3.damaged-1").read_bytes() == b"no database" * 1000
    assert any("what was in the cluster is lost" in text for text in notices.told())
    store.close()


def test_an_event_is_kept_without_waiting_for_the_disk(tmp_path: Path) -> None:
    store = Store(tmp_path / "kubernetes.sqlite3", transient={"events"})
    store.put(("events", "default", "e"), {"metadata": {"name": "e"}})
    again = Store(tmp_path / "kubernetes.sqlite3")
    assert again.get(("events", "default", "e")) is not None, "as after a kill: nothing was closed"
    [level] = store._database.execute("PRAGMA synchronous").fetchone()
    assert level == 2, "every other write waits for the disk"
    store.close()
    again.close()


def test_writes_that_are_acknowledged_as_one_wait_for_the_disk_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "kubernetes.sqlite3")
    waits: list[str] = []
    store._database.set_trace_callback(waits.append)
    keys = [("configmaps", "default", name) for name in "abc"]

    async def others() -> None:
        store.put(("configmaps", "default", "other"), {"metadata": {"name": "other"}})

    async def scenario() -> None:
        with store.together():
            for key in keys:
                store.put(key, {"metadata": {"name": key[2]}})
                await asyncio.create_task(others(), context=contextvars.Context())
            store.delete(keys[0])

    asyncio.run(scenario())
    levels = [each.rpartition(" ")[2] for each in waits if "synchronous" in each]
    assert levels == ["NORMAL", "FULL"] * 4, "the others' writes are between, and wait"
    assert waits.index("COMMIT") < waits.index("PRAGMA synchronous = FULL")
    assert waits[-1] == "COMMIT", "the last one waits for all"
    again = Store(tmp_path / "kubernetes.sqlite3")
    names = [each["metadata"]["name"] for each in again.list("configmaps")]
    assert (names, again.revision) == (["b", "c", "other"], store.revision)
    store.close()
    again.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_list_at_a_revision_is_what_was_there_then(tmp_path: Path, seed: int) -> None:
    store, chance = Store(tmp_path / "kubernetes.sqlite3"), random.Random(seed)
    then: dict[int, dict[tuple[str, str], str]] = {store.revision: {}}
    now: dict[tuple[str, str], str] = {}
    for _ in range(60):
        place = (chance.choice("xyz"), chance.choice("abcde"))
        if place in now and chance.random() < 0.4:
            store.delete(("configmaps", *place))
            del now[place]
        else:
            body = {"metadata": {"namespace": place[0], "name": place[1]}}
            now[place] = store.put(("configmaps", *place), body)["metadata"]["resourceVersion"]
        then[store.revision] = dict(now)
    for revision, kept in then.items():
        for namespace, after in ((None, None), ("y", None), (None, ("x", "c")), ("y", ("y", "b"))):
            wanted = [
                (place, kept[place])
                for place in sorted(kept)
                if namespace in (None, place[0]) and (after is None or place > after)
            ]
            where = (revision, "configmaps", namespace, after)
            found = [each["metadata"] for each in store.scan(*where)]
            seen = [((m["namespace"], m["name"]), m["resourceVersion"]) for m in found]
            assert seen == wanted
            assert store.count(*where) == len(wanted)
    store.close()


def test_the_history_is_bounded_by_its_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "kubernetes.sqlite3")
    begun = store.revision
    for _ in range(60):
        store.put(("configmaps", "x", "big"), {"metadata": {"name": "big"}, "data": "x" * 900_000})
    assert store._log_bytes <= BYTES_KEPT
    assert store.oldest_revision > begun
    assert [change.revision for change in store.since(store.oldest_revision)] == list(
        range(store.oldest_revision + 1, store.revision + 1)
    )
    store.close()
