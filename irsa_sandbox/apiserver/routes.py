"""From a method and a target to what is done: reads, writes, deletions and subresources.

Source: Kubernetes API concepts, "Resource URIs", "API verbs".
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.access.tokens import TokenIssuer
from irsa_sandbox.apiserver.answers.answers import Answers, listing
from irsa_sandbox.apiserver.answers.proxy import KubeletProxy
from irsa_sandbox.apiserver.ground.aside import aside
from irsa_sandbox.apiserver.ground.status import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND_PATH,
    deleted,
    not_served,
)
from irsa_sandbox.apiserver.requests.decoding import Body, decoded_body, object_body, raw_body
from irsa_sandbox.apiserver.requests.requests import (
    content_type,
    deleter_of,
    is_watch,
    place_of,
    selector_of,
    warned,
    writer_of,
)
from irsa_sandbox.apiserver.requests.targets import Target, check_kind
from irsa_sandbox.apiserver.requests.writers import Writer
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure import fields, patches
from irsa_sandbox.apiserver.structure.rendering import in_order, rendered
from irsa_sandbox.apiserver.writes.deletion import deletion_options
from irsa_sandbox.apiserver.writes.objects import Objects
from irsa_sandbox.apiserver.writes.patch_checks import checked_result
from irsa_sandbox.apiserver.writes.subresources import scale_of, scaled

SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


class Routes:
    """Answers requests about objects."""

    def __init__(
        self, objects: Objects, answers: Answers, tokens: TokenIssuer, proxy: KubeletProxy
    ) -> None:
        self._objects = objects
        self._answers = answers
        self._tokens = tokens
        self._proxy = proxy

    async def answer(self, request: Request, user: User, target: Target) -> Response:
        """The answer. Raises StatusError for whatever cannot be done."""
        if target.resource.read_only and request.method != "GET":
            raise not_served(target.resource)
        if target.subresource:
            return await self._subresource(request, user, target)
        method, named = request.method, bool(target.name)
        if not target.namespace and target.resource.namespaced and (named or method != "GET"):
            raise METHOD_NOT_ALLOWED if not named else NOT_FOUND_PATH
        if method == "GET" and (not named or is_watch(request)):
            return self._answers.many(request, target)
        if method == "GET":
            return self._answers.one(request, target, self._objects.get(target))
        if method == "POST" and not named:
            return await self._create(request, user, target)
        if method == "PUT" and named:
            body, warnings = await self._checked_body(request, target)
            after = await self._objects.update(target, body, writer_of(request, user))
            return warned(self._answers.one(request, target, after), warnings)
        if method == "PATCH" and named:
            return await self._patch(request, target, writer_of(request, user))
        if method == "DELETE" and (named or "deletecollection" in target.resource.verbs):
            return await self._delete(request, user, target)
        raise METHOD_NOT_ALLOWED

    async def _create(self, request: Request, user: User, target: Target) -> Response:
        writer = writer_of(request, user)
        body, warnings = await self._checked_body(request, target)
        made = await self._objects.create(target, body, writer)
        return warned(self._answers.one(request, target, made, 201), warnings)

    async def _patch(self, request: Request, target: Target, writer: Writer) -> Response:
        kind = content_type(request)
        if kind not in (*patches.TYPES, patches.APPLY):
            raise patches.unsupported()
        if kind != patches.APPLY:
            patch = await decoded_body(request)
            mode = request.query_params.get("fieldValidation") or "Warn"
            warnings: list[str] = []

            def check(patched: Object) -> None:
                warnings[:] = checked_result(target.resource, kind, patch, patched, mode)

            after = await self._objects.patch(target, kind, patch.value, writer, check)
            return warned(self._answers.one(request, target, after), warnings)
        config = object_body(await decoded_body(request), target.resource.kind)
        force = request.query_params.get("force") in {"true", "1"}
        after, made = await self._objects.apply(target, config, writer, force=force)
        return self._answers.one(request, target, after, 201 if made else 200)

    async def _checked_body(self, request: Request, target: Target) -> tuple[Object, list[str]]:
        """The object of the request without unknown fields, and warnings about these."""
        kind = target.resource.kind
        decoded = await decoded_body(request, kind)
        body = object_body(decoded, kind)
        check_kind(target.resource, body)
        mode = request.query_params.get("fieldValidation") or "Warn"
        place = (target.resource, body, mode, decoded.duplicates)
        return body, await aside(body, fields.check_fields, *place)

    async def _delete(self, request: Request, user: User, target: Target) -> Response:
        decoded = await decoded_body(request) if await raw_body(request) else Body({})
        options = deletion_options(request.query_params, object_body(decoded, "DeleteOptions"))
        writer = deleter_of(request, user, options)
        if target.name:
            left, gone = await self._objects.delete(target, options, writer)
            if gone and not target.resource.shown_deleted:
                return rendered(request, deleted(target.resource, left))
            return self._answers.one(request, target, left)
        store = self._objects.store
        selects = selector_of(request, target.resource)
        chosen = [b for b in store.list(*place_of(target)) if selects(b)]
        with store.together():
            for body in chosen:
                metadata = body["metadata"]
                one = Target(target.resource, metadata.get("namespace", ""), metadata["name"])
                if self._objects.is_there(one):
                    await self._objects.delete(one, options, writer, named=False)
                await asyncio.sleep(0)  # others are answered in between
        metadata = {"resourceVersion": str(store.revision)}
        return rendered(request, listing(target, chosen, metadata))

    async def _subresource(self, request: Request, user: User, target: Target) -> Response:
        name = target.subresource
        if target.part is None:
            raise NOT_FOUND_PATH
        if request.method not in target.part.methods:
            raise METHOD_NOT_ALLOWED
        if name == "status":
            return await self._status(request, user, target)
        if name == "scale":
            return await self._scale(request, user, target)
        if name in {"exec", "attach"}:
            await self._objects.connect(target, request.query_params, user)
        parent = self._objects.get(target)
        if name == "token":
            body = await _own_body(request, target)
            body = await self._objects.admit(target, body, writer_of(request, user))
            return rendered(request, self._tokens.request(parent, body), 201)
        if name == "log":
            return await self._proxy.logs(parent, request)
        if name == "binding":
            body = await _own_body(request, target)
            await self._objects.bind(target, body, writer_of(request, user))
            return rendered(request, SUCCESS | {"code": 201}, 201)
        if name == "eviction":
            body = await _own_body(request, target)
            await self._objects.evict(target, body, writer_of(request, user))
            return rendered(request, SUCCESS | {"code": 201}, 201)
        if target.part.refusal:
            raise target.part.refusal
        if name in {"exec", "attach"}:
            self._proxy.check_upgrade(name, parent, request.query_params.get("container"))
        body, _ = await self._checked_body(request, target)
        after = await self._objects.update(target, body, writer_of(request, user))
        return rendered(request, after)

    async def _status(self, request: Request, user: User, target: Target) -> Response:
        if request.method == "GET":
            return self._answers.one(request, target, self._objects.get(target))
        writer = writer_of(request, user)
        if request.method == "PATCH":
            return await self._patch(request, target, writer)
        body, warnings = await self._checked_body(request, target)
        after = await self._objects.update(target, body, writer)
        return warned(rendered(request, in_order(after)), warnings)

    async def _scale(self, request: Request, user: User, target: Target) -> Response:
        parent = self._objects.get(target)
        if request.method != "GET":
            kind = content_type(request)
            if request.method == "PATCH" and kind not in patches.TYPES:
                raise patches.unsupported()
            body = (await decoded_body(request, "Scale")).value
            patch_type = kind if request.method == "PATCH" else ""
            parent = await self._objects.change(
                target, lambda before: scaled(before, patch_type, body), writer_of(request, user)
            )
        return rendered(request, scale_of(parent))


async def _own_body(request: Request, target: Target) -> Object:
    """The body of a subresource that has a kind of its own. Raises StatusError 400 for another."""
    kind = target.own_kind
    body = object_body(await decoded_body(request, kind.kind), kind.kind)
    check_kind(kind, body)
    fields.check_types(kind, body)
    return body
