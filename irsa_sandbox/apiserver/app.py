"""The API server as a web application: from a URL to an object and back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from irsa_sandbox.apiserver.access.authn import Authenticator, TokenChecker, User
from irsa_sandbox.apiserver.access.rbac import Attributes, Authorizer
from irsa_sandbox.apiserver.access.tokens import TokenIssuer
from irsa_sandbox.apiserver.admission.webhooks import Webhooks
from irsa_sandbox.apiserver.answers import reviews
from irsa_sandbox.apiserver.answers.answers import Answers
from irsa_sandbox.apiserver.answers.proxy import KubeletProxy
from irsa_sandbox.apiserver.ground.status import NOT_FOUND_PATH, StatusError, internal_error
from irsa_sandbox.apiserver.kinds import KINDS
from irsa_sandbox.apiserver.published.nonresource import Paths
from irsa_sandbox.apiserver.requests.requests import (
    PATH,
    attributes_of,
    header_items,
    outside_of_its_place,
    resource_of,
    warned,
    warnings_of,
)
from irsa_sandbox.apiserver.requests.targets import Target
from irsa_sandbox.apiserver.routes import Routes
from irsa_sandbox.apiserver.store.storage import Store
from irsa_sandbox.apiserver.structure.rendering import refused
from irsa_sandbox.apiserver.writes import bootstrap, expiry
from irsa_sandbox.apiserver.writes.objects import Objects
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys
from irsa_sandbox.loops import keep_running
from irsa_sandbox.trace import Trace

log = logging.getLogger("irsa-lab.apiserver")

STREAMS = {"exec", "attach", "portforward"}


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
    webhook_tokens: Mapping[str, str] = field(default_factory=dict)


class KubernetesApi:
    """The API server; `.app` is an ASGI application."""

    def __init__(self, settings: KubernetesSettings) -> None:
        keys, issuer_url, clock = settings.keys, settings.issuer_url, settings.clock
        transient = {kind.qualified for kind in KINDS if kind.transient}
        self._store = Store(settings.database, transient)
        self._checker = TokenChecker(keys, issuer_url, clock, self._store)
        self._authenticator = Authenticator(
            settings.static_tokens,
            self._checker,
            settings.authenticate_eks_token,
            settings.admin_arns,
        )
        self._authorizer = Authorizer(self._store)
        self._webhooks = Webhooks(self._store, settings.webhook_tokens)
        self._objects = Objects(self._store, clock, self._webhooks, self._authorizer)
        self._proxy = KubeletProxy(self._store, settings.kubelet_token)
        self._clock = clock
        self._keepers: list[asyncio.Task[None]] = []
        self._paths = Paths(self._store, keys, issuer_url, settings.server_url)
        self._routes = Routes(
            self._objects,
            Answers(self._store, clock),
            TokenIssuer(keys, issuer_url, clock, self._store, settings.trace),
            self._proxy,
        )

    @property
    def is_new(self) -> bool:
        """Whether this cluster began with this start: nothing was stored before."""
        return self._store.is_new

    @property
    def revision(self) -> int:
        """The number of the latest write, as lists show it in their `resourceVersion`."""
        return self._store.revision

    async def start(self) -> None:
        """What every cluster has is there: namespaces, default roles, the API's own Service."""
        # Nobody has heard of a new cluster yet: its first objects wait for the disk as one.
        with self._store.together() if self.is_new else contextlib.nullcontext():
            await bootstrap.ensure(self._objects)
        loops = {
            "bootstrap": lambda: bootstrap.keep(self._objects),
            "expiry": lambda: expiry.expire(self._store, self._clock),
        }
        self._keepers = [
            asyncio.create_task(keep_running(name, loop)) for name, loop in loops.items()
        ]

    async def stop(self) -> None:
        """Close files and connections."""
        for keeper in self._keepers:
            keeper.cancel()
        await self._webhooks.close()
        self._store.close()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI: HTTP requests, and WebSockets for exec and attach."""
        if scope["type"] == "websocket":
            await self._websocket(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except StatusError as error:
            response = refused(request, error)
        except Exception as error:
            # Nothing that a client sends may end in silence: it is told, and the log has the rest.
            log.exception("%s %s", request.method, request.url.path)
            response = refused(request, internal_error(f"{type(error).__name__}: {error}"))
        warned(response, warnings_of(request))
        response.headers.setdefault("audit-id", str(uuid.uuid4()))
        response.headers.setdefault("cache-control", "no-cache, private")
        await response(scope, receive, send)

    async def _user(self, headers: Mapping[str, str]) -> User:
        """The caller, or whom the caller impersonates."""
        user = await self._authenticator.user(headers.get("authorization"))
        wanted = reviews.impersonation(header_items(headers))
        if wanted is None:
            return user
        for asked in reviews.impersonation_attributes(wanted):
            self._authorizer.check(user, asked)
        return reviews.impersonated(wanted)

    async def _answer(self, request: Request) -> Response:
        user = await self._user(request.headers)
        path = request.url.path
        if (matched := PATH.match(path)) is None:
            asked = Attributes(request.method.lower(), path=path)
            self._authorizer.check(user, asked)
            return self._paths.answer(request, path)
        if outside_of_its_place(matched):
            raise NOT_FOUND_PATH
        if kind := reviews.kind_of(matched):
            self._authorizer.check(user, attributes_of(request, matched, None))
            return await reviews.answer(request, kind, user, self._authorizer, self._checker)
        resource = resource_of(matched)
        if resource is None:
            self._authorizer.check(user, attributes_of(request, matched, None))
            return self._paths.unknown(request, matched)
        parts = matched.groupdict()
        target = Target(
            resource, parts["namespace"] or "", parts["name"] or "", parts["subresource"] or ""
        )
        self._authorizer.check(user, attributes_of(request, matched, target))
        return await self._routes.answer(request, user, target)

    async def _websocket(self, socket: WebSocket) -> None:
        try:
            user = await self._user(socket.headers)
            matched = PATH.match(socket.url.path)
            kind = resource_of(matched) if matched else None
            if matched is None or kind is None or not matched["namespace"]:
                raise NOT_FOUND_PATH
            name = matched["subresource"] or ""
            target = Target(kind, matched["namespace"], matched["name"], name)
            if target.part is None or name not in STREAMS:
                raise NOT_FOUND_PATH
            # A WebSocket begins with a GET; since v1.35 it takes the right to create all the same.
            asked = Attributes("create", kind.group, kind.plural, name, *target.key[1:])
            self._authorizer.check(user, asked)
            if target.part.refusal:
                raise target.part.refusal
            await self._objects.connect(target, socket.query_params, user)
            await self._proxy.stream(name, self._objects.get(target), socket)
        except StatusError as error:
            await socket.send_denial_response(JSONResponse(error.body(), error.code))


def create(settings: KubernetesSettings) -> KubernetesApi:
    """An API server over the database of the settings."""
    return KubernetesApi(settings)
