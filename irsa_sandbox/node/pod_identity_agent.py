"""The EKS Pod Identity agent: hands a Pod the credentials of its association's role.

On a node it listens on 169.254.170.23; here on loopback, and the kubelet rewrites that address in
a container's environment. It signs its call to EKS Auth with the node's own credentials.
Source: github.com/aws/eks-pod-identity-agent; botocore eks-auth/2023-11-26.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from irsa_helpers.ground.times import stamp
from irsa_sandbox.clock import Clock

ORIGIN = "http://169.254.170.23"
# Kept credentials are given out until this share of their life is left: for 59 minutes of an hour.
# Source: EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles", caching.
RENEW_SHARE = 1 / 60
TIMEOUT_SECONDS = 30
KEPT = 500


@dataclass
class PodIdentityAgent:
    """The agent of one node; `.app` is its web application.

    `credentials` gives the node role's AccessKeyId, SecretAccessKey and Token.
    """

    endpoint_url: str
    region: str
    cluster_name: str
    clock: Clock
    credentials: Callable[[], Awaitable[Mapping[str, str]]]
    _kept: dict[str, tuple[float, Clock, dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app = Starlette(routes=[Route("/v1/credentials", self._answer, methods=["GET"])])

    async def _answer(self, request: Request) -> Response:
        token = request.headers.get("authorization", "")
        if not token:
            return PlainTextResponse("Service account token cannot be empty", 400)
        until, clock, known = self._kept.get(token, (0.0, self.clock, {}))
        if until > clock.time():
            return JSONResponse(known)
        url, body, headers = await self._request(token)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers) as answer,
        ):
            if answer.status >= 400:
                return _refused(answer.status, answer.headers, await answer.text())
            return JSONResponse(self._keep(token, await answer.json()))

    async def _request(self, token: str) -> tuple[str, bytes, dict[str, str]]:
        """The URL, body and headers of EKS Auth's AssumeRoleForPodIdentity."""
        name = quote(self.cluster_name)
        url = f"{self.endpoint_url}/clusters/{name}/assume-role-for-pod-identity"
        body = json.dumps({"token": token}).encode()
        node = await self.credentials()
        headers = await asyncio.to_thread(_signed_headers, url, body, node, self.region)
        return url, body, headers

    def _keep(self, token: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The answer for the Pod, remembered while it is fresh by the clock of its namespace."""
        credentials, clock = given["credentials"], self.clock.of(given["subject"]["namespace"])
        expires = _moment(credentials["expiration"])
        answer = {
            "AccessKeyId": credentials["accessKeyId"],
            "SecretAccessKey": credentials["secretAccessKey"],
            "Token": credentials["sessionToken"],
            "AccountId": given["assumedRoleUser"]["arn"].split(":")[4],
            "Expiration": stamp(expires),
        }
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        life = expires.timestamp() - clock.time()
        self._kept[token] = (expires.timestamp() - RENEW_SHARE * life, clock, answer)
        return answer


def _signed_headers(
    url: str, body: bytes, credentials: Mapping[str, str], region: str
) -> dict[str, str]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    keys = Credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["Token"]
    )
    headers = {"Content-Type": "application/json"}
    request = AWSRequest("POST", url, headers=headers, data=body)
    SigV4Auth(keys, "eks-auth", region).add_auth(request)
    return dict(request.headers.items())


def _moment(value: float | str) -> datetime:
    """An AWS timestamp, in seconds or in ISO 8601."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(value, UTC)


def _refused(status: int, headers: Mapping[str, str], body: str) -> Response:
    """The service's refusal in the agent's words: what the SDK shows."""
    try:
        message = json.loads(body).get("message", "")
    except ValueError:
        message = body
    code = headers.get("x-amzn-errortype", "").partition(":")[0]
    request_id = headers.get("x-amzn-requestid", "")
    fault = "client" if status < 500 else "server"
    text = f"[{request_id}]: ({code}): {message}, fault: {fault}\n"
    return PlainTextResponse(text, status)
