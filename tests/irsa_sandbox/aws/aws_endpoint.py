"""The AWS endpoint on a loopback port of the test process, and an issuer that it can reach."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from botocore.config import Config

from irsa_sandbox.aws import Aws, AwsSettings
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys, discovery
from irsa_sandbox.listeners import KEEP_ALIVE_SECONDS
from irsa_sandbox.trace import Trace

ACCOUNT = "111122223333"
REGION = "ap-northeast-2"
ISSUER = f"https://oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
HOST_PATH = ISSUER.removeprefix("https://")
PROVIDER_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST_PATH}"
SUBJECT = "system:serviceaccount:default:enginrect-sa"
ADMIN_KEY = ("AKIAENGINRECTADMIN23", "the-admin-secret-access-key-of-the-tests")


@dataclass
class Issuer:
    """The cluster's issuer: tokens with its signature, its documents, and what was fetched."""

    keys: SigningKeys
    clock: Clock
    fetched: list[str] = field(default_factory=list)
    reachable: bool = True
    documents: dict[str, Any] = field(default_factory=dict)

    async def fetch(self, url: str) -> bytes:
        """The document at that URL, as the sandbox's own fetch gives it."""
        self.fetched.append(url)
        published = {
            f"{ISSUER}/.well-known/openid-configuration": discovery(ISSUER),
            f"{ISSUER}/keys": self.keys.jwks(),
        } | self.documents
        if not self.reachable or url not in published:
            raise OSError(f"no route to {url}")
        return json.dumps(published[url]).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good projected token, changed; None takes a claim away."""
        now = int(self.clock.time())
        claims = {
            "aud": ["sts.amazonaws.com"],
            "exp": now + 86_400,
            "iat": now,
            "nbf": now,
            "iss": ISSUER,
            "jti": "5a1f6d0e-0000-4000-8000-000000000000",
            "kubernetes.io": {
                "namespace": "default",
                "pod": {"name": "s3-access-app-abc", "uid": "1"},
                "serviceaccount": {"name": "enginrect-sa", "uid": "2"},
            },
            "sub": SUBJECT,
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **changes: Any) -> str:
        """A projected token with the issuer's signature."""
        return self.keys.sign(self.claims(**changes))


@dataclass
class Endpoint:
    """A running endpoint and all around it."""

    aws: Aws
    settings: AwsSettings
    issuer: Issuer
    url: str

    @property
    def trace(self) -> Trace:
        """The hops."""
        return self.settings.trace

    def client(self, service: str, credentials: dict[str, Any] | None = None) -> Any:
        """A boto3 client: of the admin, or of whoever holds the credentials."""
        key = (ADMIN_KEY[0], ADMIN_KEY[1], None)
        if credentials is not None:
            names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
            key = tuple(credentials.get(name) for name in names)
        return _client(self.url, service, key)


@functools.cache
def _client(url: str, service: str, key: tuple[str, str, str | None]) -> Any:
    """A client that neither retries nor checks its parameters: that is the endpoint's to do."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        aws_session_token=key[2],
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


class Server:
    """An ASGI application served by a thread of this process."""

    def __init__(self, aws: Aws) -> None:
        config = uvicorn.Config(
            aws.app,
            port=0,
            lifespan="off",
            log_level="warning",
            loop="asyncio",
            interface="asgi3",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._aws = aws
        self.loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._aws.start()
        await self._server.serve()
        await self._aws.stop()

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the endpoint did not start"
            time.sleep(0.002)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


def settings_of(home: Path, clock: Clock, issuer: Issuer) -> AwsSettings:
    """The settings of an endpoint of the tests."""
    return AwsSettings(
        home=home,
        region=REGION,
        account_id=ACCOUNT,
        cluster_name="enginrect-cluster",
        kubernetes_endpoint="https://127.0.0.1:6443",
        kubernetes_ca_pem="-----BEGIN CERTIFICATE-----\n",
        issuer_url=ISSUER,
        admin_access_key_id=ADMIN_KEY[0],
        admin_secret_access_key=ADMIN_KEY[1],
        clock=clock,
        trace=Trace(clock),
        fetch=issuer.fetch,
    )


def forget_records() -> None:
    """Empty moto, whose records are the process's."""
    from moto.core.base_backend import BackendDict

    BackendDict.reset()


def trust_policy(**changes: Any) -> dict[str, Any]:
    """The trust policy of the course: this ServiceAccount, for STS."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER_ARN},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{HOST_PATH}:sub": SUBJECT,
                f"{HOST_PATH}:aud": "sts.amazonaws.com",
            }
        },
    } | changes
    return {"Version": "2012-10-17", "Statement": [statement]}


def assume(endpoint: Endpoint, role_arn: str, token: str | None = None, **more: Any) -> Any:
    """Call AssumeRoleWithWebIdentity as an SDK does."""
    return endpoint.client("sts").assume_role_with_web_identity(
        RoleArn=role_arn,
        RoleSessionName="pod",
        WebIdentityToken=token or endpoint.issuer.token(),
        **more,
    )
