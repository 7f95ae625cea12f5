"""Answers to reads: an object, a list in chunks or a watch, in the form that the client accepts.

Source: Kubernetes API concepts, "Resource representations", "Retrieving large results sets in
chunks" and "Receiving resources as Tables".
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from irsa_sandbox.apiserver.answers import tables
from irsa_sandbox.apiserver.ground.formats import base64_fault
from irsa_sandbox.apiserver.ground.go_json import syntax_fault
from irsa_sandbox.apiserver.ground.status import StatusError, bad_request
from irsa_sandbox.apiserver.requests import watch
from irsa_sandbox.apiserver.requests.options import EXACT, ListOptions, list_options
from irsa_sandbox.apiserver.requests.requests import is_watch, place_of, selector_of
from irsa_sandbox.apiserver.requests.targets import Target
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.structure.rendering import JSON, YAML, in_order, rendered
from irsa_sandbox.clock import Clock

WATCH_SECONDS = 1800
META = "meta.k8s.io/v1"
FORMS = ("Table", "PartialObjectMetadataList", "PartialObjectMetadata")
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter."
)


@dataclass(frozen=True)
class Form:
    """How an answer is written: as which kind (none: the whole object), in which media type."""

    kind: str = ""
    media_type: str = JSON


def form_of(request: Request) -> Form:
    """The first form in the Accept header that the server can write.

    Raises StatusError 406 where none is.
    """
    accept = request.headers.get("accept") or "*/*"
    for alternative in accept.split(","):
        media_type, *parameters = (part.strip() for part in alternative.split(";"))
        if media_type not in {JSON, YAML, "application/*", "*/*"}:
            continue
        given = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        wanted = given.get("as", "")
        if wanted and (wanted not in FORMS or given.get("v", "v1") != "v1"):
            continue
        return Form(wanted, YAML if media_type == YAML else JSON)
    text = f"only the following media types are accepted: {JSON}, {YAML}"
    raise StatusError(406, "NotAcceptable", text)


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
        metadata: Object = {"resourceVersion": str(self.revision)}
        if self.next:
            metadata["continue"] = self.next
            if self.remaining is not None:
                metadata["remainingItemCount"] = self.remaining
        return metadata


class Answers:
    """Renders what the store has."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def one(self, request: Request, target: Target, body: Object, code: int = 200) -> Response:
        """One object."""
        form = form_of(request)
        if form.kind == "Table":
            metadata = {"resourceVersion": body["metadata"].get("resourceVersion", "")}
            shown = self._table(request, target, [body], metadata)
        else:
            shown = _partial(body) if form.kind else in_order(body)
        return rendered(request, shown, code, media_type=form.media_type)

    def many(self, request: Request, target: Target) -> Response:
        """A list, or the watch that the query asks for."""
        asked = list_options(request.query_params)
        form = form_of(request)
        if is_watch(request):
            return self._watch(request, target, asked, form)
        page = self._page(request, target, asked)
        if form.kind == "Table":
            shown = self._table(request, target, page.bodies, page.metadata)
        elif form.kind:
            listed = [_partial(body) for body in page.bodies]
            head = {"kind": "PartialObjectMetadataList", "apiVersion": META}
            shown = head | {"metadata": page.metadata, "items": listed}
        else:
            shown = listing(target, page.bodies, page.metadata)
        return rendered(request, shown, media_type=form.media_type)

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
        kind = target.resource
        return tables.table(kind, bodies, metadata, self._clock, columns=columns, include=include)

    def _page(self, request: Request, target: Target, asked: ListOptions) -> Page:
        """The chunk that `limit` and `continue` ask for.

        Raises StatusError 400 for a broken `continue`, 410 for one whose revision is forgotten, 504
        for a revision that is still to come.
        """
        query, limit = request.query_params, asked.limit
        revision, start = self._store.revision, None
        if asked.continue_token:
            revision, start = _continued(asked.continue_token)
        elif asked.revision is not None and asked.match == EXACT:
            revision = asked.revision
        if (asked.revision or 0) > self._store.revision:
            raise too_large(asked.revision or 0, self._store.revision)
        if revision < self._store.oldest_revision:
            text = TOO_OLD if start else "The resourceVersion for the provided list is too old."
            raise StatusError(410, "Expired", text)
        where = (revision, *place_of(target))
        selects = selector_of(request, target.resource, target.name)
        chosen = (body for body in self._store.scan(*where, start) if selects(body))
        if not limit:
            return Page(list(chosen), revision)
        shown = list(islice(chosen, limit))
        if next(chosen, None) is None:
            return Page(shown, revision)
        selective = query.get("labelSelector") or query.get("fieldSelector")
        left = None if selective else self._store.count(*where, _place(shown[-1]))
        return Page(shown, revision, _token(revision, _place(shown[-1])), left)

    def _watch(self, request: Request, target: Target, asked: ListOptions, form: Form) -> Response:
        include = request.query_params.get("includeObject") if form.kind == "Table" else None

        def view(columns: bool) -> watch.View:
            def render(body: Object) -> Object:
                if form.kind != "Table":
                    return _partial(body) if form.kind else body
                metadata = {"resourceVersion": body["metadata"]["resourceVersion"]}
                return self._table(request, target, [body], metadata, columns=columns)

            return watch.View((form.kind, include, columns and form.kind == "Table"), render)

        kind = target.resource.kind
        wanted = watch.WatchRequest(
            resource=target.resource.qualified,
            namespace=target.namespace or None,
            selects=selector_of(request, target.resource, target.name),
            first=view(columns=True),
            later=view(columns=False),
            bookmark={"kind": kind, "apiVersion": target.resource.api_version},
            revision=asked.revision,
            send_initial_events=bool(asked.send_initial_events),
            timeout_seconds=float(asked.timeout_seconds or WATCH_SECONDS),
            bookmarks=asked.bookmarks,
        )
        return StreamingResponse(watch.events(self._store, wanted), media_type=JSON)


def too_large(asked: int, current: int) -> StatusError:
    """504: nobody has written that revision yet."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    text = f"Too large resource version: {asked}, current: {current}"
    return StatusError(504, "Timeout", text, {"causes": [cause], "retryAfterSeconds": 1})


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
    invalid = "invalid continue token: continue key is not valid: "
    padded = token.replace("-", "+").replace("_", "/") + "=" * (-len(token) % 4)
    if fault := base64_fault(padded if len(token) % 4 != 1 else token):
        raise bad_request(invalid + fault)
    try:
        read: dict[str, Any] = json.loads(base64.b64decode(padded))
        namespace, _, name = read["start"].partition("/")
        return int(read["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = syntax_fault(base64.b64decode(padded).decode("utf-8", "replace"))
        raise bad_request(invalid + (said or str(error))) from error
