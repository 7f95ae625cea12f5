"""A small asynchronous client of the Kubernetes API, for the cluster's own parts.

It speaks to any API server: the webhook, the controllers and the kubelet use nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import quote

import aiohttp

from irsa_sandbox.loops import end, keep_running

log = logging.getLogger("irsa-lab.apiclient")

Object = dict[str, Any]
Key = tuple[str, str]  # namespace, name

RETRY_SECONDS = 0.2
MERGE_PATCH = "application/merge-patch+json"
TIMEOUT_SECONDS = 30
# Shorter than the server keeps an idle connection: none is used at the moment it is closed.
KEEP_ALIVE_SECONDS = 4
# A line of a watch is one object, which may be as large as a request: 3 MiB.
LONGEST_LINE = 2**22


class ApiError(Exception):
    """A refusal by the API server; `status` is the HTTP status, `reason` the Status's reason.

    Where no answer came, `status` is 0 and `reason` is Unreachable.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


def path_of(
    api_version: str, plural: str, namespace: str = "", name: str = "", subresource: str = ""
) -> str:
    """The URL path of a collection or an object: `/apis/apps/v1/namespaces/default/deployments`."""
    base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    scope = f"/namespaces/{quote(namespace, safe=':')}" if namespace else ""
    return "/".join(filter(None, (f"{base}{scope}/{plural}", quote(name, safe=":"), subresource)))


def key_of(body: Object) -> Key:
    """(namespace, name) of an object."""
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]


class ApiClient:
    """Requests as one component, by its bearer token; `name` is its User-Agent."""

    def __init__(self, server_url: str, token: str, ca_file: str, *, name: str) -> None:
        self.server_url = server_url
        self._session = aiohttp.ClientSession(
            server_url,
            headers={"Authorization": f"Bearer {token}", "User-Agent": name},
            connector=aiohttp.TCPConnector(
                ssl=ssl.create_default_context(cafile=ca_file),
                limit=0,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
            ),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            read_bufsize=LONGEST_LINE,
        )

    async def get(self, path: str) -> Object | None:
        """The object, or None where there is none."""
        try:
            return await self._request("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    async def list(self, path: str, **query: str) -> tuple[list[Object], str]:
        """The items and the list's resourceVersion."""
        answer = await self._request("GET", path, params=query)
        return answer.get("items") or [], answer["metadata"]["resourceVersion"]

    async def create(self, path: str, body: Object) -> Object:
        """The object as it was stored."""
        return await self._request("POST", path, json=body)

    async def replace(self, path: str, body: Object) -> Object:
        """The object as it was stored; 409 where it changed since it was read."""
        return await self._request("PUT", path, json=body)

    async def patch(self, path: str, body: Object) -> Object:
        """The object after a JSON merge patch."""
        headers = {"Content-Type": MERGE_PATCH}
        return await self._request("PATCH", path, data=json.dumps(body), headers=headers)

    async def delete(self, path: str, **options: Any) -> Object | None:
        """The object goes, or is gone already; what the API server answers about it."""
        try:
            return await self._request("DELETE", path, json={"kind": "DeleteOptions", **options})
        except ApiError as error:
            if error.status not in {404, 409}:
                raise
            return None

    async def watch(self, path: str, revision: str) -> AsyncIterator[tuple[str, Object]]:
        """(type, object) of every change after a revision, until the server ends the stream."""
        query = {"watch": "true", "resourceVersion": revision}
        endless = aiohttp.ClientTimeout(total=None)
        with _told_as_api_error():
            async with self._session.get(path, params=query, timeout=endless) as answer:
                if answer.status >= 400:
                    raise _error(answer.status, await answer.text())
                async for line in answer.content:
                    event = json.loads(line)
                    yield event["type"], event["object"]

    async def _request(self, method: str, path: str, **options: Any) -> Object:
        with _told_as_api_error():
            async with self._session.request(method, path, **options) as answer:
                text = await answer.text()
        if answer.status >= 400:
            raise _error(answer.status, text)
        body: Object = json.loads(text)
        return body

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


@contextlib.contextmanager
def _told_as_api_error() -> Iterator[None]:
    """A connection that fails is an ApiError as well: callers try again after either."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ApiError(0, "Unreachable", str(error) or type(error).__name__) from error


def _error(status: int, text: str) -> ApiError:
    try:
        body = json.loads(text)
    except ValueError:
        return ApiError(status, "", text[:200])
    return ApiError(status, body.get("reason", ""), body.get("message", ""))


class Informer:
    """A collection kept in memory by a watch; `on_change` hears of every object that changed."""

    def __init__(self, client: ApiClient, path: str, on_change: Callable[[Object], None]) -> None:
        self._client = client
        self._path = path
        self._on_change = on_change
        self.objects: dict[Key, Object] = {}
        self._by_uid: dict[str, Key] = {}
        self._owned: dict[str, dict[Key, None]] = {}  # uid of an owner -> keys of its dependents
        self._listed = ""
        self._task: asyncio.Task[None] | None = None

    def note(self, body: Object) -> None:
        """Take over what a write of our own returned: the watch brings it only later."""
        known = self.objects.get(key_of(body))
        if known is None or _revision(known) < _revision(body):
            self._keep(body)

    def of_uid(self, uid: str) -> Object | None:
        """The object of that uid, None where there is none."""
        key = self._by_uid.get(uid)
        return self.objects.get(key) if key else None

    def owned_by(self, uid: str) -> list[Object]:
        """The objects that name the owner of that uid."""
        return [self.objects[key] for key in self._owned.get(uid, ())]

    def _keep(self, body: Object) -> None:
        self._drop(key := key_of(body))
        self.objects[key] = body
        self._by_uid[body["metadata"].get("uid", "")] = key
        for owner in _owners(body):
            self._owned.setdefault(owner, {})[key] = None

    def _drop(self, key: Key) -> None:
        body = self.objects.pop(key, None)
        if body is None:
            return
        self._by_uid.pop(body["metadata"].get("uid", ""), None)
        for owner in _owners(body):
            self._owned[owner].pop(key, None)
            if not self._owned[owner]:
                del self._owned[owner]

    async def start(self) -> None:
        """Return when the cache holds what is there now; it is kept up to date from then on."""
        self._listed = await self._relist()
        name = f"informer {self._path}"
        self._task = asyncio.create_task(keep_running(name, self._run), name=name)

    async def stop(self) -> None:
        """Stop watching."""
        await end(self._task)

    async def _run(self) -> None:
        # Begun again, it does not know what it missed, and lists anew.
        revision, self._listed = self._listed or await self._relist(), ""
        while True:
            try:
                async for kind, body in self._client.watch(self._path, revision):
                    if kind == "ERROR":
                        break
                    revision = body["metadata"]["resourceVersion"]
                    self._take(kind, body)
                else:
                    continue
                revision = await self._relist()
            except ApiError as error:
                log.debug("watch of %s broke: %s", self._path, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _relist(self) -> str:
        items, revision = await self._client.list(self._path)
        fresh = {key_of(body): body for body in items}
        gone = [body for key, body in self.objects.items() if key not in fresh]
        for key in list(self.objects):
            self._drop(key)
        for body in fresh.values():
            self._keep(body)
        for body in [*fresh.values(), *gone]:
            self._tell(body)
        return revision

    def _tell(self, body: Object) -> None:
        try:
            self._on_change(body)
        except Exception:
            # One object that a component cannot read must not hide all others from it.
            log.exception("%s %s", self._path, key_of(body))

    def _take(self, kind: str, body: Object) -> None:
        known = self.objects.get(key_of(body))
        if kind == "DELETED":
            if known is None or _revision(known) < _revision(body):
                self._drop(key_of(body))
        elif kind in {"ADDED", "MODIFIED"}:
            if known and _revision(body) < _revision(known):
                return
            self._keep(body)
        self._tell(body)


def _owners(body: Object) -> set[str]:
    return {reference["uid"] for reference in body["metadata"].get("ownerReferences") or ()}


def _revision(body: Object) -> int:
    return int(body["metadata"]["resourceVersion"])
