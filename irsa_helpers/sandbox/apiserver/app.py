"""The API server as a web application: from a URL to an object and back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.websockets import WebSocket

from irsa_helpers.sandbox.apiserver import (
    discovery,
    fields,
    openapi,
    patches,
    reviews,
)
from irsa_helpers.sandbox.apiserver.admission import Webhooks
from irsa_helpers.sandbox.apiserver.answers import Answers, listing
from irsa_helpers.sandbox.apiserver.authn import Authenticator, TokenChecker, User
from irsa_helpers.sandbox.apiserver.managed_fields import Manager
from irsa_helpers.sandbox.apiserver.objects import Objects, Target, Writer
from irsa_helpers.sandbox.apiserver.proxy import KubeletProxy
from irsa_helpers.sandbox.apiserver.rbac import Attributes, Authorizer
from irsa_helpers.sandbox.apiserver.requests import (
    PATH,
    SUBRESOURCES,
    attributes_of,
    content_type,
    decoded_body,
    header_items,
    is_watch,
    place_of,
    resource_of,
    selector_of,
    warned,
    writer_of,
)
from irsa_helpers.sandbox.apiserver.resources import BY_PATH
from irsa_helpers.sandbox.apiserver.status import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND_PATH,
    StatusError,
    bad_request,
    deleted,
)
from irsa_helpers.sandbox.apiserver.storage import Object, Store
from irsa_helpers.sandbox.apiserver.subresources import bound, scale_of, scaled
from irsa_helpers.sandbox.apiserver.tokens import TokenIssuer, timestamp
from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.issuer import SigningKeys
from irsa_helpers.sandbox.trace import Trace

# Kinds of which a deletion answers with the object; it answers with a Status for all others.
SHOWN_DELETED = {"Pod", "ServiceAccount", "Service"}
SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


@dataclass(frozen=True)
class KubernetesSettings:
    """What the API server needs to know; see the fields' names."""

    database: Path
    issuer_url: str
    keys: SigningKeys
    clock: Clock
    trace: Trace
    ca_pem: str
    server_url: str
    static_tokens: Mapping[str, User]
    kubelet_token: str
    authenticate_eks_token: Callable[[str], Awaitable[str | None]]
    admin_arns: tuple[str, ...] = ()


class KubernetesApi:
    """The API server; `.app` is an ASGI application."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._store = Store(settings.database)
        self._checker = TokenChecker(
            settings.keys, settings.issuer_url, settings.clock, self._store
        )
        self._tokens = TokenIssuer(
            settings.keys, settings.issuer_url, settings.clock, self._store, settings.trace
        )
        self._authenticator = Authenticator(
            settings.static_tokens,
            self._checker,
            settings.authenticate_eks_token,
            settings.admin_arns,
        )
        self._authorizer = Authorizer(self._store)
        self._webhooks = Webhooks(self._store)
        self._objects = Objects(self._store, settings.clock, self._webhooks)
        self._answers = Answers(self._store, settings.clock)
        self._proxy = KubeletProxy(self._store, settings.kubelet_token)

    async def start(self) -> None:
        """The namespaces that every cluster has are there."""
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            target = Target(BY_PATH["", "v1", "namespaces"])
            if self._store.get(("namespaces", "", name)) is None:
                body = {"metadata": {"name": name}}
                itself = Writer(User("system:apiserver"), Manager("kube-apiserver"))
                await self._objects.create(target, body, itself)

    async def stop(self) -> None:
        """Close files and connections."""
        await self._webhooks.close()
        await self._proxy.close()
        self._store.close()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI: HTTP requests, and WebSockets for exec."""
        if scope["type"] == "websocket":
            await self._websocket(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except StatusError as error:
            response = JSONResponse(error.body(), error.code)
        await response(scope, receive, send)

    async def _user(self, headers: Mapping[str, str]) -> User:
        """The caller, or whom the caller impersonates."""
        user = await self._authenticator.user(headers.get("authorization"))
        name = headers.get("impersonate-user")
        if not name:
            return user
        self._authorizer.check(user, Attributes("impersonate", resource="users", name=name))
        groups = [v for k, v in header_items(headers) if k == "impersonate-group"]
        return reviews.impersonated(name, groups)

    async def _answer(self, request: Request) -> Response:
        user = await self._user(request.headers)
        path = request.url.path
        found = PATH.match(path)
        resource = resource_of(found) if found else None
        if found is None or resource is None:
            return await self._other(request, user, path)
        parts = found.groupdict()
        if parts["name"] in SUBRESOURCES and not parts["subresource"] and resource.namespaced:
            raise NOT_FOUND_PATH
        target = Target(
            resource, parts["namespace"] or "", parts["name"] or "", parts["subresource"] or ""
        )
        if resource.kind == "Namespace" and parts["namespace"] and not target.name:
            target = Target(resource, "", parts["namespace"])
        self._authorizer.check(user, attributes_of(request, target))
        return await self._resource(request, user, target)

    async def _resource(self, request: Request, user: User, target: Target) -> Response:
        if target.subresource:
            return await self._subresource(request, user, target)
        writer = writer_of(request, user)
        method, named = request.method, bool(target.name)
        if method == "GET" and (not named or is_watch(request)):
            return self._answers.many(request, target)
        if method == "GET":
            return self._answers.one(request, target, self._objects.get(target))
        if method == "POST" and not named:
            body, warnings = await self._checked_body(request, target)
            made = await self._objects.create(target, body, writer)
            return warned(self._answers.one(request, target, made, 201), warnings)
        if method == "PUT" and named:
            body, warnings = await self._checked_body(request, target)
            after = self._objects.update(target, body, writer)
            return warned(self._answers.one(request, target, after), warnings)
        if method == "PATCH" and named:
            return await self._patch(request, target, writer)
        if method == "DELETE":
            return await self._delete(request, target, dry_run=writer.dry_run)
        raise METHOD_NOT_ALLOWED

    async def _patch(self, request: Request, target: Target, writer: Writer) -> Response:
        kind = content_type(request)
        if kind != patches.APPLY:
            after = self._objects.patch(target, kind, await decoded_body(request), writer)
            return self._answers.one(request, target, after)
        config, warnings = await self._checked_body(request, target)
        force = request.query_params.get("force") == "true"
        after, made = await self._objects.apply(target, config, writer, force=force)
        return warned(self._answers.one(request, target, after, 201 if made else 200), warnings)

    async def _checked_body(self, request: Request, target: Target) -> tuple[Object, list[str]]:
        """The object of the request without unknown fields, and warnings about these."""
        body = await decoded_body(request, target.resource.kind)
        if not isinstance(body, dict):
            raise bad_request(f"the object provided must be of type {target.resource.kind}")
        mode = request.query_params.get("fieldValidation", "Warn")
        return body, fields.check_fields(target.resource, body, mode)

    async def _delete(self, request: Request, target: Target, *, dry_run: bool) -> Response:
        options = await decoded_body(request) if await request.body() else {}
        for name in ("propagationPolicy", "gracePeriodSeconds"):
            if name in request.query_params:
                value = request.query_params[name]
                options[name] = int(value) if name.startswith("grace") else value
        if target.name:
            left = self._objects.delete(target, options, dry_run=dry_run)
            if self._store.get(target.key) is None and target.resource.kind not in SHOWN_DELETED:
                return JSONResponse(deleted(target.resource, left))
            return self._answers.one(request, target, left)
        selects = selector_of(request)
        chosen = [b for b in self._store.list(*place_of(target)) if selects(b)]
        for body in chosen:
            metadata = body["metadata"]
            one = Target(target.resource, metadata.get("namespace", ""), metadata["name"])
            self._objects.delete(one, options, dry_run=dry_run)
        metadata = {"resourceVersion": str(self._store.revision)}
        return JSONResponse(listing(target, chosen, metadata))

    async def _subresource(self, request: Request, user: User, target: Target) -> Response:
        name, method = target.subresource, request.method
        writer = writer_of(request, user)
        parent = self._objects.get(target)
        if name == "status" and target.resource.has_status and method in {"PUT", "PATCH", "GET"}:
            if method == "GET":
                return self._answers.one(request, target, parent)
            if method == "PATCH":
                return await self._patch(request, target, writer)
            body = await decoded_body(request)
            return JSONResponse(self._objects.update(target, body, writer))
        if name == "scale" and target.resource.has_scale:
            if method in {"PUT", "PATCH"}:
                body = await decoded_body(request)
                wanted = scaled(parent, content_type(request), body)
                plain = Target(target.resource, target.namespace, target.name)
                parent = self._objects.update(plain, wanted, writer)
            return JSONResponse(scale_of(parent))
        if (name, target.resource.kind) == ("token", "ServiceAccount"):
            if method != "POST":
                raise METHOD_NOT_ALLOWED
            return JSONResponse(self._tokens.request(parent, await decoded_body(request)), 201)
        if (name, target.resource.kind) == ("log", "Pod"):
            return await self._proxy.logs(parent, request)
        if (name, target.resource.kind) == ("binding", "Pod"):
            node = (await decoded_body(request))["target"]["name"]
            now = timestamp(self._settings.clock.time())
            self._store.put(Target(target.resource, *target.key[1:]).key, bound(parent, node, now))
            return JSONResponse(SUCCESS | {"code": 201}, 201)
        if (name, target.resource.kind) == ("exec", "Pod"):
            raise bad_request("Upgrade request required")
        if (name, target.resource.kind) == ("finalize", "Namespace") and method == "PUT":
            body = await decoded_body(request)
            return JSONResponse(
                self._objects.update(Target(target.resource, "", target.name), body, writer)
            )
        raise NOT_FOUND_PATH

    async def _other(self, request: Request, user: User, path: str) -> Response:
        """Discovery, reviews, health, the issuer's documents."""
        if review := reviews.find(path):
            if request.method != "POST":
                raise METHOD_NOT_ALLOWED
            body = await decoded_body(request)
            group, version, plural = path.strip("/").split("/")[1:]
            kind = next(k for g, _, p, k, _ in discovery.REVIEWS if (g, p) == (group, plural))
            answered = review(body, user, self._authorizer, self._checker, self._store)
            answered |= {"kind": kind, "apiVersion": f"{group}/{version}"}
            return JSONResponse(answered, 201)
        self._authorizer.check(user, Attributes("get", path=path))
        clean = path.rstrip("/")
        if clean in {"/api", "/apis"} and discovery.wants_aggregated(request.headers):
            named = clean == "/apis"
            return JSONResponse(discovery.aggregated(named=named), media_type=discovery.AGGREGATED)
        documents: dict[str, Callable[[], Any]] = {
            "/version": lambda: discovery.VERSION,
            "/api": lambda: discovery.api_versions(self._settings.server_url),
            "/apis": discovery.api_groups,
            "/openapi/v2": openapi.version_2,
            "/openapi/v3": openapi.index,
            "/openid/v1/jwks": self._settings.keys.jwks,
            "/.well-known/openid-configuration": lambda: discovery.issuer_document(
                self._settings.issuer_url
            ),
        }
        if clean in documents:
            return JSONResponse(documents[clean]())
        if clean in {"/healthz", "/livez", "/readyz"}:
            return PlainTextResponse("ok")
        if schemas := openapi.document(clean.removeprefix("/openapi/v3/")):
            return JSONResponse(schemas)
        found = re.fullmatch(r"/api/v1|/apis/([^/]+)/([^/]+)", clean)
        if found:
            listed = discovery.resources(found.group(1) or "", found.group(2) or "v1")
            if listed["resources"]:
                return JSONResponse(listed)
        if re.match(r"/apis?/", path):
            raise NOT_FOUND_PATH
        return PlainTextResponse("404 page not found\n", 404)

    async def _websocket(self, socket: WebSocket) -> None:
        try:
            user = await self._user(socket.headers)
            found = PATH.match(socket.url.path)
            if found is None or found["subresource"] != "exec":
                raise NOT_FOUND_PATH
            target = Target(BY_PATH["", "v1", "pods"], found["namespace"], found["name"], "exec")
            asked = Attributes("create", "", "pods", "exec", target.namespace, target.name)
            self._authorizer.check(user, asked)
            await self._proxy.exec(self._objects.get(target), socket)
        except StatusError as error:
            await socket.send_denial_response(JSONResponse(error.body(), error.code))


def create(settings: KubernetesSettings) -> KubernetesApi:
    """An API server over the database of the settings."""
    return KubernetesApi(settings)
