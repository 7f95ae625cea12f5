"""URLs that are no objects: discovery, schemas, health, metrics, the issuer's documents.

Source: Kubernetes documentation, "Kubernetes API health endpoints", "The Kubernetes API".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from irsa_sandbox.apiserver.ground.status import METHOD_NOT_ALLOWED, NOT_FOUND_PATH
from irsa_sandbox.apiserver.kinds import KINDS
from irsa_sandbox.apiserver.published import discovery, openapi
from irsa_sandbox.apiserver.store.storage import Store
from irsa_sandbox.apiserver.structure.rendering import JSON, encoded, refused, rendered
from irsa_sandbox.issuer import SigningKeys

HEALTH = ("healthz", "livez", "readyz")
# `etcd` is the name under which clients ask for the store.
CHECKS = ("ping", "log", "etcd")
# How clients ask for the older schemas in protobuf, and how these are labelled.
ASKED_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
PROTOBUF = ASKED_PROTOBUF.replace("@", ".")
KEY_SET = "application/jwk-set+json"
KEPT = "public, max-age=3600"
NOT_FOUND = "404 page not found\n"


class Paths:
    """Answers by path alone."""

    def __init__(self, store: Store, keys: SigningKeys, issuer_url: str, server_url: str) -> None:
        self._store = store
        self._documents: dict[str, Callable[[], Any]] = {
            "/api": lambda: discovery.api_versions(server_url),
            "/apis": discovery.api_groups,
            "/openapi/v2": openapi.version_2,
            "/openapi/v3": openapi.index,
            "/openid/v1/jwks": keys.jwks,
            "/.well-known/openid-configuration": lambda: discovery.issuer_document(issuer_url),
        }
        # Documents that are indented for every client.
        self._indented: dict[str, Callable[[], Any]] = {
            "/version": lambda: discovery.VERSION,
            "": lambda: {"paths": self._all()},
        }

    def answer(self, request: Request, path: str) -> Response:
        """The document, or 404 in plain text. Raises StatusError 405."""
        clean = path.rstrip("/")
        first, _, below = clean.lstrip("/").partition("/")
        if first in HEALTH and (not below or below in CHECKS):
            return self._health(request, first, below)
        if clean == "/metrics":
            return PlainTextResponse(self._metrics())
        document = self._document(request, clean)
        if document is None:
            return PlainTextResponse(NOT_FOUND, 404)
        if request.method != "GET":
            raise METHOD_NOT_ALLOWED
        return document

    def unknown(self, request: Request, matched: re.Match[str]) -> Response:
        """A resource that is not here: a Status in a group that is, else plain text."""
        group, version = matched["group"] or "", matched["version"] or "v1"
        if not group or (group, version) in discovery.groups():
            return refused(request, NOT_FOUND_PATH)
        return PlainTextResponse(NOT_FOUND, 404)

    def _document(self, request: Request, clean: str) -> Response | None:
        accept = request.headers.get("accept", "")
        if clean == "/openapi/v2" and (ASKED_PROTOBUF in accept or PROTOBUF in accept):
            return Response(openapi.version_2_protobuf(), media_type=PROTOBUF)
        if clean in {"/api", "/apis"} and discovery.wants_aggregated(request.headers):
            listed = discovery.aggregated(named=clean == "/apis")
            return rendered(request, listed, media_type=discovery.AGGREGATED)
        if clean in self._indented:
            return Response(encoded(self._indented[clean](), pretty=True), media_type=JSON)
        if clean.startswith(("/openid/", "/.well-known/")) and clean in self._documents:
            kind = KEY_SET if clean.endswith("/jwks") else JSON
            text = encoded(self._documents[clean]()).rstrip("\n")
            return Response(text, media_type=kind, headers={"Cache-Control": KEPT})
        if clean in self._documents:
            return rendered(request, self._documents[clean]())
        if schemas := openapi.document(clean.removeprefix("/openapi/v3/")):
            return rendered(request, schemas)
        if group := discovery.api_group(clean.removeprefix("/apis/")):
            return rendered(request, group)
        place = re.fullmatch(r"/api/v1|/apis/([^/]+)/([^/]+)", clean)
        listed = discovery.resources(place[1] or "", place[2] or "v1") if place else {}
        return rendered(request, listed) if listed.get("resources") else None

    def _health(self, request: Request, name: str, check: str) -> Response:
        """`ok`, or each check by name where the request says `verbose`."""
        if check or "verbose" not in request.query_params:
            return PlainTextResponse("ok")
        excluded = set(request.query_params.getlist("exclude"))
        lines = [f"[+]{e} excluded: ok" if e in excluded else f"[+]{e} ok" for e in CHECKS]
        lines += ["[+]shutdown ok"] if name == "readyz" else []
        return PlainTextResponse("\n".join([*lines, f"{name} check passed", ""]))

    def _metrics(self) -> str:
        """The objects in the store, in the form that Prometheus reads."""
        version = discovery.VERSION
        lines = [
            "# HELP apiserver_storage_objects [STABLE] Number of stored objects.",
            "# TYPE apiserver_storage_objects gauge",
            *(
                f'apiserver_storage_objects{{resource="{kind.qualified}"}} '
                f"{len(self._store.list(kind.qualified))}"
                for kind in KINDS
            ),
            "# HELP kubernetes_build_info [ALPHA] What this server says that it is.",
            "# TYPE kubernetes_build_info gauge",
            f'kubernetes_build_info{{git_version="{version["gitVersion"]}"}} 1',
        ]
        return "\n".join(lines) + "\n"

    def _all(self) -> list[str]:
        groups = [f"/apis/{group}" for group, _ in discovery.groups()]
        versions = [f"/apis/{group}/{version}" for group, version in discovery.groups()]
        health = [f"/{n}{c}" for n in HEALTH for c in ("", *(f"/{check}" for check in CHECKS))]
        named = [path for path in (*self._documents, "/version", "/metrics") if path]
        return sorted({*groups, *versions, *health, *named, "/api/v1"})
