"""The call of a webhook: an AdmissionReview over TLS, its answer read, what went wrong told.

Failures are worded as the API server's, whose HTTP client is Go's.
Source: apiserver, pkg/admission/plugin/webhook/request; pkg/util/webhook.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from irsa_sandbox.apiserver.kinds.services import SERVICE
from irsa_sandbox.apiserver.store.storage import Object, Store

GROUP = "admission.k8s.io"
VERSIONS = ("v1", "v1beta1")
# OpenSSL's numbers of why a certificate is not trusted.
EXPIRED, OTHER_NAME, OTHER_ADDRESS = 10, 62, 64
# Shorter than a webhook is likely to keep an idle connection.
KEEP_ALIVE_SECONDS = 4


class CallError(Exception):
    """A webhook could not be asked, or gave no answer that can be used."""


@dataclass(frozen=True)
class Answer:
    """What a webhook says: whether the object may pass, how it is to change, what to warn of."""

    allowed: bool
    patch: list[Any] = field(default_factory=list)
    status: Object = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class WebhookClient:
    """Asks webhooks; one connection pool for each CA."""

    def __init__(self, store: Store, tokens: Mapping[str, str]) -> None:
        """`tokens`: start of a webhook's URL -> the bearer token with which it is called.

        The kubeconfig of a real API server's AdmissionConfiguration says the same.
        """
        self._store = store
        self._tokens = tokens
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def ask(self, webhook: Object, request: Object) -> Answer:
        """The webhook's answer to an admission request. Raises CallError."""
        version = next((v for v in webhook["admissionReviewVersions"] if v in VERSIONS), None)
        if version is None:
            raise CallError("webhook does not accept known AdmissionReview versions (v1, v1beta1)")
        session = self._session(webhook["clientConfig"].get("caBundle") or "")
        seconds = webhook.get("timeoutSeconds", 10)
        url = self._url(webhook["clientConfig"], f"timeout={seconds}s")
        kind = {"kind": "AdmissionReview", "apiVersion": f"{GROUP}/{version}"}
        uid = str(uuid.uuid4())
        review = kind | {"request": {"uid": uid, **request}}
        content = await _post(session, url, review, seconds, self._headers(url))
        try:
            return _verified(content, kind["apiVersion"], uid)
        except ValueError as error:
            raise CallError(f"received invalid webhook response: {error}") from error

    def _url(self, configuration: Object, query: str) -> str:
        """Where the webhook is. Nothing stands behind a Service here: it has no endpoints."""
        if url := configuration.get("url"):
            return f"{url}{'&' if '?' in url else '?'}{query}"
        service = configuration["service"]
        namespace, name = service["namespace"], service["name"]
        path = service.get("path", "").removeprefix("/")
        url = f"https://{name}.{namespace}.svc:{service.get('port', 443)}/{path}?{query}"
        why = f'no endpoints available for service "{name}"'
        if self._store.get((SERVICE.qualified, namespace, name)) is None:
            why = f'service "{name}" not found'
        raise CallError(f'failed to call webhook: Post "{url}": {why}')

    def _headers(self, url: str) -> dict[str, str]:
        """How the API server shows who it is, where the webhook asks for that."""
        known = [token for start, token in self._tokens.items() if url.startswith(start)]
        return {"Authorization": f"Bearer {known[0]}"} if known else {}

    def _session(self, ca_bundle: str) -> aiohttp.ClientSession:
        """Connections that trust just the CA of the configuration."""
        if ca_bundle not in self._sessions:
            try:
                pem = base64.b64decode(ca_bundle).decode()
                context = ssl.create_default_context(cadata=pem or None)
            except (ValueError, ssl.SSLError) as error:
                text = "could not get REST client: unable to load root certificates: unable to "
                raise CallError(f"{text}parse bytes as PEM block") from error
            connector = aiohttp.TCPConnector(ssl=context, keepalive_timeout=KEEP_ALIVE_SECONDS)
            self._sessions[ca_bundle] = aiohttp.ClientSession(connector=connector)
        return self._sessions[ca_bundle]

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()


async def _post(
    session: aiohttp.ClientSession,
    url: str,
    review: Object,
    seconds: float,
    headers: dict[str, str],
) -> bytes:
    """The body of the answer."""
    limit = aiohttp.ClientTimeout(total=seconds)
    try:
        async with session.post(
            url, json=review, headers=headers, timeout=limit, allow_redirects=False
        ) as answer:
            content = await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CallError(f'failed to call webhook: Post "{url}": {_why(error, url)}') from error
    if 200 <= answer.status < 300:
        return content
    known = {400: "the server rejected our request for an unknown reason"}
    known |= {404: "the server could not find the requested resource"}
    said = json.dumps(content.decode(errors="replace").strip() or "unknown")
    other = f"an error on the server ({said}) has prevented the request from succeeding"
    raise CallError(f"failed to call webhook: {known.get(answer.status, other)}")


def _why(error: Exception, url: str) -> str:
    """What Go's client would say of a connection that did not come about."""
    if isinstance(error, TimeoutError):
        return "context deadline exceeded"
    target = urlsplit(url)
    host = target.hostname or ""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {host}: no such host"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = error.certificate_error
        if isinstance(why, ssl.SSLCertVerificationError):
            return f"tls: failed to verify certificate: {_distrust(why, host)}"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        reason = os.strerror(error.os_error.errno).lower()
        return f"dial tcp {host}:{target.port or 443}: connect: {reason}"
    return str(error)


def _distrust(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code == EXPIRED:
        return "x509: certificate has expired or is not yet valid"
    if error.verify_code in {OTHER_NAME, OTHER_ADDRESS}:
        return f"x509: certificate is not valid for any names, but wanted to match {host}"
    return "x509: certificate signed by unknown authority"


def _verified(content: bytes, api_version: str, uid: str) -> Answer:
    """The answer that a webhook's AdmissionReview holds. Raises ValueError."""
    body = json.loads(content)
    response = body.get("response") if isinstance(body, dict) else None
    if not isinstance(response, dict):
        raise ValueError("webhook response was absent")
    strict = api_version.endswith("/v1")
    if strict and response.get("uid") != uid:
        raise ValueError(f'expected response.uid="{uid}", got "{response.get("uid", "")}"')
    type_meta = (body.get("apiVersion", "/"), body.get("kind", ""))
    if strict and type_meta != (api_version, "AdmissionReview"):
        wanted = f"{api_version}, Kind=AdmissionReview"
        raise ValueError(
            f"expected webhook response of {wanted}, got {type_meta[0]}, Kind={type_meta[1]}"
        )
    status = response.get("status") or {}
    warnings = tuple(response.get("warnings") or ())
    return Answer(
        bool(response.get("allowed")), _patch_of(response, strict=strict), status, warnings
    )


def _patch_of(response: Object, *, strict: bool) -> list[Any]:
    patch, kind = response.get("patch"), response.get("patchType")
    if strict and patch and not kind:
        raise ValueError("webhook returned response.patch but not response.patchType")
    if strict and kind and not patch:
        raise ValueError("webhook returned response.patchType but not response.patch")
    if patch and kind not in {None, "JSONPatch"}:
        raise ValueError(f'invalid webhook response.patchType of "{kind}"')
    decoded: list[Any] = json.loads(base64.b64decode(patch)) if patch else []
    return decoded
