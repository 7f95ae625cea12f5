"""Answers to reads: an object, a list in chunks or a watch, in the form that the client accepts.

Source: Kubernetes API concepts, "Resource representations", "Retrieving large results sets in
chunks" and "Receiving resources as Tables".
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from irsa_helpers.sandbox.apiserver import tables, watch
from irsa_helpers.sandbox.apiserver.objects import Target
from irsa_helpers.sandbox.apiserver.requests import is_watch, place_of, selector_of
from irsa_helpers.sandbox.apiserver.status import StatusError, bad_request
from irsa_helpers.sandbox.apiserver.storage import Object, Store
from irsa_helpers.sandbox.clock import Clock

WATCH_SECONDS = 1800
META = "meta.k8s.io/v1"
FORMS = ("Table", "PartialObjectMetadataList", "PartialObjectMetadata")
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter."
)


def form_of(request: Request) -> str:
    """The first form of the Accept header that is here: `Table`, ... or `` for the whole object.

    Raises StatusError 406 where none is.
    """
    accept = request.headers.get("accept") or "*/*"
    for alternative in accept.split(","):
        kind, *parameters = (part.strip() for part in alternative.split(";"))
        if kind not in {"application/json", "application/*", "*/*"}:
            continue
        wanted = next((p[3:] for p in parameters if p.startswith("as=")), "")
        if not wanted or wanted in FORMS:
            return wanted
    raise StatusError(
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json",
    )


@dataclass(frozen=True)
class Page:
    """One chunk of a list: its objects, their revision, and where the next chunk begins."""

    bodies: list[Object]
    revision: int
    next: str = ""
    remaining: int | None = None

    @property
    def metadata(self) -> Object:
        """The ListMeta."""
        found: Object = {"resourceVersion": str(self.revision)}
        if self.next:
            found["continue"] = self.next
            if self.remaining is not None:
                found["remainingItemCount"] = self.remaining
        return found


class Answers:
    """Renders what the store has."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def one(self, request: Request, target: Target, body: Object, code: int = 200) -> Response:
        """One object."""
        form = form_of(request)
        if form == "Table":
            metadata = {"resourceVersion": body["metadata"].get("resourceVersion", "")}
            return JSONResponse(self._table(request, target, [body], metadata), code)
        return JSONResponse(_partial(body) if form else body, code)

    def many(self, request: Request, target: Target) -> Response:
        """A list, or the watch that the query asks for."""
        if is_watch(request):
            return self._watch(request, target)
        page = self._page(request, target)
        form = form_of(request)
        if form == "Table":
            return JSONResponse(self._table(request, target, page.bodies, page.metadata))
        if form:
            listed = [_partial(body) for body in page.bodies]
            head = {"kind": "PartialObjectMetadataList", "apiVersion": META}
            return JSONResponse(head | {"metadata": page.metadata, "items": listed})
        return JSONResponse(listing(target, page.bodies, page.metadata))

    def _table(
        self,
        request: Request,
        target: Target,
        bodies: list[Object],
        metadata: Object,
        *,
        columns: bool = True,
    ) -> Object:
        include = request.query_params.get("includeObject", "Metadata")
        now = self._clock.now()
        return tables.table(
            target.resource.qualified, bodies, metadata, now, columns=columns, include=include
        )

    def _page(self, request: Request, target: Target) -> Page:
        """The chunk that `limit` and `continue` ask for.

        Raises StatusError 400 for a broken `continue`, 410 for one whose revision is forgotten.
        """
        query = request.query_params
        limit = int(query.get("limit") or 0)
        revision, start = self._store.revision, None
        if token := query.get("continue"):
            revision, start = _continued(token)
        if revision < self._store.oldest_revision:
            raise StatusError(410, "Expired", TOO_OLD)
        bodies = self._store.list_at(revision, *place_of(target))
        if start is not None:
            bodies = [body for body in bodies if _place(body) > start]
        selects = selector_of(request, target.name)
        chosen = [body for body in bodies if selects(body)]
        if not limit or len(chosen) <= limit:
            return Page(chosen, revision)
        shown = chosen[:limit]
        selective = query.get("labelSelector") or query.get("fieldSelector")
        left = None if selective else len(chosen) - limit
        return Page(shown, revision, _token(revision, _place(shown[-1])), left)

    def _watch(self, request: Request, target: Target) -> Response:
        query = request.query_params
        version = query.get("resourceVersion", "")
        form = form_of(request)
        first = True

        def render(body: Object) -> Object:
            nonlocal first
            if form != "Table":
                return _partial(body) if form else body
            metadata = {"resourceVersion": body["metadata"]["resourceVersion"]}
            shown = self._table(request, target, [body], metadata, columns=first)
            first = False
            return shown

        kind = target.resource.kind
        wanted = watch.WatchRequest(
            resource=target.resource.qualified,
            namespace=target.namespace or None,
            selects=selector_of(request, target.name),
            render=render,
            bookmark={"kind": kind, "apiVersion": target.resource.api_version},
            revision=int(version) if version not in {"", "0"} else None,
            send_initial_events=query.get("sendInitialEvents") == "true",
            timeout_seconds=float(query.get("timeoutSeconds") or WATCH_SECONDS),
            bookmarks=query.get("allowWatchBookmarks") == "true",
        )
        return StreamingResponse(watch.events(self._store, wanted), media_type="application/json")


def listing(target: Target, bodies: list[Object], metadata: Object) -> Object:
    """A list; its items carry no kind of their own, as on a real server."""
    bare = [{k: v for k, v in b.items() if k not in {"kind", "apiVersion"}} for b in bodies]
    return {
        "kind": f"{target.resource.kind}List",
        "apiVersion": target.resource.api_version,
        "metadata": metadata,
        "items": bare,
    }


def _partial(body: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": body["metadata"]}


def _place(body: Object) -> tuple[str, str]:
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]


def _token(revision: int, last: tuple[str, str]) -> str:
    text = json.dumps({"v": META, "rv": revision, "start": "/".join(last)})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _continued(token: str) -> tuple[int, tuple[str, str]]:
    try:
        read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = read["start"].partition("/")
        return int(read["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request(f"continue key is not valid: {error}") from error
