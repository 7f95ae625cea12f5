"""The API server as a web application: from a URL to an object and back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.websockets import WebSocket

from irsa_helpers.sandbox import issuer
from irsa_helpers.sandbox.apiserver import (
    discovery,
    fields,
    openapi,
    reviews,
    tables,
    watch,
)
from irsa_helpers.sandbox.apiserver.admission import Webhooks
from irsa_helpers.sandbox.apiserver.authn import Authenticator, TokenChecker, User
from irsa_helpers.sandbox.apiserver.objects import Objects, Target
from irsa_helpers.sandbox.apiserver.proxy import KubeletProxy
from irsa_helpers.sandbox.apiserver.rbac import Attributes, Authorizer
from irsa_helpers.sandbox.apiserver.requests import (
    PATH,
    SUBRESOURCES,
    attributes_of,
    decoded_body,
    header_items,
    place_of,
    resource_of,
    selector_of,
    wants_table,
    warned,
)
from irsa_helpers.sandbox.apiserver.resources import BY_PATH
from irsa_helpers.sandbox.apiserver.status import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND_PATH,
    StatusError,
    bad_request,
)
from irsa_helpers.sandbox.apiserver.storage import Object, Store
from irsa_helpers.sandbox.apiserver.tokens import TokenIssuer, timestamp
from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.issuer import SigningKeys
from irsa_helpers.sandbox.trace import Trace

WATCH_SECONDS = 1800


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
        self._proxy = KubeletProxy(self._store, settings.kubelet_token)

    async def start(self) -> None:
        """The namespaces that every cluster has are there."""
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            target = Target(BY_PATH["", "v1", "namespaces"])
            if self._store.get(("namespaces", "", name)) is None:
                body = {"metadata": {"name": name}}
                await self._objects.create(target, body, User("system:apiserver"), dry_run=False)

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
        dry_run = request.query_params.get("dryRun") == "All"
        method, named = request.method, bool(target.name)
        if method == "GET" and not named:
            return self._list(request, target)
        if method == "GET":
            if request.query_params.get("watch") in {"true", "1"}:
                return self._list(request, target)
            return self._render(request, target, self._objects.get(target))
        if method == "POST" and not named:
            body, warnings = await self._checked_body(request, target)
            made = await self._objects.create(target, body, user, dry_run=dry_run)
            return warned(self._render(request, target, made, 201), warnings)
        if method == "PUT" and named:
            body, warnings = await self._checked_body(request, target)
            after = self._objects.update(target, body, dry_run=dry_run)
            return warned(self._render(request, target, after), warnings)
        if method == "PATCH" and named:
            patch = await decoded_body(request)
            kind = request.headers.get("content-type", "").partition(";")[0]
            after = self._objects.patch(target, kind, patch, dry_run=dry_run)
            return self._render(request, target, after)
        if method == "DELETE":
            return await self._delete(request, target, dry_run=dry_run)
        raise METHOD_NOT_ALLOWED

    async def _checked_body(self, request: Request, target: Target) -> tuple[Object, list[str]]:
        """The object of the request without unknown fields, and warnings about these."""
        body = await decoded_body(request)
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
            return self._render(request, target, left)
        selects = selector_of(request)
        chosen = [b for b in self._store.list(*place_of(target)) if selects(b)]
        for body in chosen:
            metadata = body["metadata"]
            one = Target(target.resource, metadata.get("namespace", ""), metadata["name"])
            self._objects.delete(one, options, dry_run=dry_run)
        return JSONResponse(self._list_body(target, chosen))

    async def _subresource(self, request: Request, user: User, target: Target) -> Response:
        name, method = target.subresource, request.method
        dry_run = request.query_params.get("dryRun") == "All"
        parent = self._objects.get(target)
        if name == "status" and target.resource.has_status and method in {"PUT", "PATCH", "GET"}:
            if method == "GET":
                return JSONResponse(parent)
            body = await decoded_body(request)
            if method == "PUT":
                return JSONResponse(self._objects.update(target, body, dry_run=dry_run))
            kind = request.headers.get("content-type", "").partition(";")[0]
            return JSONResponse(self._objects.patch(target, kind, body, dry_run=dry_run))
        if name == "scale" and target.resource.has_scale:
            return await self._scale(request, target, parent)
        if (name, target.resource.kind) == ("token", "ServiceAccount"):
            if method != "POST":
                raise METHOD_NOT_ALLOWED
            return JSONResponse(self._tokens.request(parent, await decoded_body(request)), 201)
        if (name, target.resource.kind) == ("log", "Pod"):
            return await self._proxy.logs(parent, request)
        if (name, target.resource.kind) == ("binding", "Pod"):
            return await self._bind(request, target, parent)
        if (name, target.resource.kind) == ("finalize", "Namespace") and method == "PUT":
            body = await decoded_body(request)
            return JSONResponse(
                self._objects.update(Target(target.resource, "", target.name), body, dry_run=False)
            )
        raise NOT_FOUND_PATH

    async def _bind(self, request: Request, target: Target, pod: Object) -> Response:
        """A scheduler's decision: the Pod runs on that node."""
        node = (await decoded_body(request))["target"]["name"]
        now = timestamp(self._settings.clock.time())
        condition = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}
        bound = pod | {
            "metadata": dict(pod["metadata"]),
            "spec": pod["spec"] | {"nodeName": node},
            "status": pod["status"] | {"conditions": [condition]},
        }
        self._store.put(Target(target.resource, target.namespace, target.name).key, bound)
        success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return JSONResponse(success | {"code": 201}, 201)

    async def _scale(self, request: Request, target: Target, parent: Object) -> Response:
        plain = Target(target.resource, target.namespace, target.name)
        if request.method in {"PUT", "PATCH"}:
            wanted = (await decoded_body(request))["spec"]["replicas"]
            body = parent | {
                "metadata": dict(parent["metadata"]),
                "spec": parent["spec"] | {"replicas": wanted},
            }
            parent = self._objects.update(plain, body, dry_run=False)
        selector = parent["spec"].get("selector", {}).get("matchLabels", {})
        metadata = {
            k: v
            for k, v in parent["metadata"].items()
            if k in {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}
        }
        return JSONResponse(
            {
                "kind": "Scale",
                "apiVersion": "autoscaling/v1",
                "metadata": metadata,
                "spec": {"replicas": parent["spec"]["replicas"]},
                "status": {
                    "replicas": parent.get("status", {}).get("replicas", 0),
                    "selector": ",".join(f"{k}={v}" for k, v in selector.items()),
                },
            }
        )

    def _list(self, request: Request, target: Target) -> Response:
        selects = selector_of(request, target.name)
        if request.query_params.get("watch") in {"true", "1"}:
            return self._watch(request, target, selects)
        chosen = [body for body in self._store.list(*place_of(target)) if selects(body)]
        if wants_table(request):
            revision = {"resourceVersion": str(self._store.revision)}
            now = self._settings.clock.now()
            qualified = target.resource.qualified
            return JSONResponse(tables.table(qualified, chosen, revision, now))
        return JSONResponse(self._list_body(target, chosen))

    def _list_body(self, target: Target, bodies: list[Object]) -> Object:
        """A list; its items carry no kind of their own, as on a real server."""
        bare = [{k: v for k, v in b.items() if k not in {"kind", "apiVersion"}} for b in bodies]
        return {
            "kind": f"{target.resource.kind}List",
            "apiVersion": target.resource.api_version,
            "metadata": {"resourceVersion": str(self._store.revision)},
            "items": bare,
        }

    def _watch(self, request: Request, target: Target, selects: watch.Selector) -> Response:
        query = request.query_params
        version = query.get("resourceVersion", "")
        first = True

        def render(body: Object) -> Object:
            nonlocal first
            if not wants_table(request):
                return body
            now = self._settings.clock.now()
            metadata = {"resourceVersion": body["metadata"]["resourceVersion"]}
            shown = tables.table(target.resource.qualified, [body], metadata, now, columns=first)
            first = False
            return shown

        wanted = watch.WatchRequest(
            resource=target.resource.qualified,
            namespace=target.namespace or None,
            selects=selects,
            render=render,
            bookmark={
                "kind": target.resource.kind,
                "apiVersion": target.resource.api_version,
            },
            revision=int(version) if version not in {"", "0"} else None,
            send_initial_events=query.get("sendInitialEvents") == "true",
            timeout_seconds=float(query.get("timeoutSeconds", WATCH_SECONDS)),
        )
        return StreamingResponse(watch.events(self._store, wanted), media_type="application/json")

    def _render(self, request: Request, target: Target, body: Object, code: int = 200) -> Response:
        if not wants_table(request):
            return JSONResponse(body, code)
        metadata = {"resourceVersion": body["metadata"].get("resourceVersion", "")}
        now = self._settings.clock.now()
        return JSONResponse(tables.table(target.resource.qualified, [body], metadata, now), code)

    async def _other(self, request: Request, user: User, path: str) -> Response:
        """Discovery, reviews, health, the issuer's documents."""
        if review := reviews.find(path):
            if request.method != "POST":
                raise METHOD_NOT_ALLOWED
            body = await decoded_body(request)
            return JSONResponse(
                review(body, user, self._authorizer, self._checker, self._store), 201
            )
        self._authorizer.check(user, Attributes("get", path=path))
        clean = path.rstrip("/")
        documents: dict[str, Callable[[], Any]] = {
            "/version": lambda: discovery.VERSION,
            "/api": lambda: discovery.api_versions(self._settings.server_url),
            "/apis": discovery.api_groups,
            "/openapi/v3": openapi.index,
            "/openid/v1/jwks": self._settings.keys.jwks,
            "/.well-known/openid-configuration": lambda: issuer.discovery(
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
        raise NOT_FOUND_PATH

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
