"""The small API client: its cache follows a server through changes, breaks and lost history."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import certifi
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from irsa_sandbox import apiclient
from irsa_sandbox.apiclient import ApiClient, ApiError, Informer, path_of

PATH = "/api/v1/pods"


def pod(name: str, revision: int) -> dict[str, Any]:
    metadata = {"namespace": "ns", "name": name, "resourceVersion": str(revision)}
    return {"metadata": metadata}


class Server:
    """Answers lists one after another, and each watch with the lines prepared for it."""

    def __init__(self, lists: list[tuple[int, list[Any]]], watches: list[list[Any] | int]) -> None:
        self._lists = lists
        self._watches = watches
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            revision, items = self._lists.pop(0)
            metadata = {"resourceVersion": str(revision)}
            return web.json_response({"metadata": metadata, "items": items})
        self.asked.append(request.query["resourceVersion"])
        answer = self._watches.pop(0) if self._watches else None
        if isinstance(answer, int):
            broken = {"reason": "InternalError", "message": "broken"}
            return web.json_response(broken, status=answer)
        stream = web.StreamResponse()
        await stream.prepare(request)
        for kind, body in answer or ():
            await stream.write(json.dumps({"type": kind, "object": body}).encode() + b"\n")
        if answer is None:
            await asyncio.Event().wait()
        return stream


@contextlib.asynccontextmanager
async def client_of(handler: Any) -> AsyncIterator[ApiClient]:
    """A client of a server at which that handler answers every request."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, shutdown_timeout=0) as server:
        client = ApiClient(str(server.make_url("")), "token", certifi.where(), name="test")
        yield client
        await client.close()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apiclient, "RETRY_SECONDS", 0)


def followed(server: Server, changes: int) -> tuple[dict[Any, Any], list[str]]:
    """The cache after so many changes, and the names that were told of."""

    async def scenario() -> tuple[dict[Any, Any], list[str]]:
        told: list[str] = []
        enough = asyncio.Event()

        def on_change(body: dict[str, Any]) -> None:
            told.append(body["metadata"]["name"])
            if len(told) >= changes:
                enough.set()
            if body["metadata"]["name"] == "unreadable":
                raise KeyError("spec")

        async with client_of(server.answer) as client:
            informer = Informer(client, PATH, on_change)
            await informer.start()
            await asyncio.wait_for(enough.wait(), 10)
            await informer.stop()
        return informer.objects, told

    return asyncio.run(scenario())


def test_the_cache_follows_what_is_added_changed_and_deleted() -> None:
    events = [("ADDED", pod("b", 11)), ("MODIFIED", pod("a", 12)), ("DELETED", pod("b", 13))]
    objects, told = followed(Server([(10, [pod("a", 1)])], [events]), 4)
    assert {key: body["metadata"]["resourceVersion"] for key, body in objects.items()} == {
        ("ns", "a"): "12"
    }
    assert told == ["a", "b", "a", "b"]


def test_a_watch_that_ends_goes_on_where_it_was() -> None:
    server = Server([(10, [])], [[("ADDED", pod("a", 11))], [("ADDED", pod("b", 12))]])
    objects, _ = followed(server, 2)
    assert sorted(objects) == [("ns", "a"), ("ns", "b")]
    assert server.asked[:2] == ["10", "11"]


def test_a_watch_that_breaks_is_begun_again() -> None:
    server = Server([(10, [])], [500, [("ADDED", pod("a", 11))]])
    assert ("ns", "a") in followed(server, 1)[0]


def test_a_lost_history_is_made_good_by_a_new_list() -> None:
    gone = ("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
    server = Server([(10, [pod("a", 1), pod("b", 2)]), (50, [pod("b", 40)])], [[gone]])
    objects, told = followed(server, 4)
    assert {key: body["metadata"]["resourceVersion"] for key, body in objects.items()} == {
        ("ns", "b"): "40"
    }
    assert told == ["a", "b", "b", "a"], "what went while nobody watched is told of too"


def test_one_object_that_cannot_be_read_does_not_hide_the_others() -> None:
    events = [("ADDED", pod("unreadable", 11)), ("ADDED", pod("b", 12))]
    assert followed(Server([(10, [])], [events]), 2)[1] == ["unreadable", "b"]


def test_a_write_of_our_own_is_newer_than_what_the_watch_still_brings() -> None:
    told: list[Any] = []
    informer = Informer(None, PATH, told.append)  # type: ignore[arg-type]
    informer.note(pod("a", 20))
    informer._take("MODIFIED", pod("a", 15))
    informer._take("DELETED", pod("a", 16))
    assert informer.objects["ns", "a"]["metadata"]["resourceVersion"] == "20"
    informer._take("DELETED", pod("a", 21))
    assert informer.objects == {}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("v1", "nodes"), "/api/v1/nodes"),
        (("v1", "pods", "ns", "p", "status"), "/api/v1/namespaces/ns/pods/p/status"),
        (("apps/v1", "deployments", "ns"), "/apis/apps/v1/namespaces/ns/deployments"),
    ],
)
def test_a_path_is_that_of_the_api(parts: tuple[str, ...], expected: str) -> None:
    assert path_of(*parts) == expected


def refusal_of(handler: Any) -> ApiError:
    """How the client tells that answer to a create."""

    async def scenario() -> None:
        async with client_of(handler) as client:
            await client.create(PATH, {})

    with pytest.raises(ApiError) as refused:
        asyncio.run(scenario())
    return refused.value


def test_a_refusal_has_its_status_and_reason() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"reason": "Forbidden", "message": "no"}, status=403)

    refused = refusal_of(refuse)
    assert (refused.status, refused.reason, refused.message) == (403, "Forbidden", "no")


def test_a_connection_that_breaks_is_told_in_the_same_way() -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    refused = refusal_of(hang_up)
    assert (refused.status, refused.reason) == (0, "Unreachable")


def test_a_watch_brings_an_object_of_a_mebibyte_in_one_line() -> None:
    large = pod("large", 11)
    large["metadata"]["annotations"] = {"text": "x" * 2**20}
    objects, _ = followed(Server([(10, [])], [[("ADDED", large)]]), 1)
    assert objects["ns", "large"] == large


def test_dependents_are_found_by_their_owner_as_it_is_now() -> None:
    informer = Informer(None, PATH, lambda _: None)  # type: ignore[arg-type]

    def owned(revision: int, *owners: str) -> dict[str, Any]:
        body = pod("a", revision)
        body["metadata"] |= {"uid": "u", "ownerReferences": [{"uid": each} for each in owners]}
        return body

    informer._take("ADDED", owned(1, "one", "two"))
    assert informer.owned_by("one") == informer.owned_by("two") == [informer.of_uid("u")]
    informer._take("MODIFIED", owned(2, "two"))
    assert informer.owned_by("one") == []
    assert len(informer.owned_by("two")) == 1
    informer._take("DELETED", owned(3, "two"))
    assert informer.owned_by("two") == []
    assert informer.of_uid("u") is None
    assert informer._owned == {}
