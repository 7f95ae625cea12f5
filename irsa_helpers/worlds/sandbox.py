"""The world on this machine: moto's records behind real checks, and a small Kubernetes API.

No call can leave the machine: clients are built from the sandbox's own address and keys, and the
configuration files, profiles and proxies of the person at the keyboard are not read.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds import https
from irsa_helpers.worlds.world import Cluster, World, session_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernetes.client import ApiClient


# How a line of server-sent events begins.
DATA = b"data: "
ADMINISTRATOR = "OrganizationAccountAccessRole"


class SandboxWorld(World):
    """The sandbox that a state file describes."""

    name = "sandbox"
    needs_approval = False

    def __init__(self, sandbox: Mapping[str, Any]) -> None:
        super().__init__(sandbox["cluster"], sandbox["region"], Path(sandbox["home"]))
        self.sandbox = sandbox

    @cached_property
    def kubernetes(self) -> ApiClient:
        """The official client's ApiClient, as the cluster's administrator."""
        from kubernetes.client import ApiClient, Configuration

        settings = self.sandbox["kubernetes"]
        configuration = Configuration(host=settings["server"])
        configuration.ssl_ca_cert = settings["ca_file"]
        configuration.proxy = None
        configuration.api_key = {"authorization": f"Bearer {settings['token']}"}
        return ApiClient(configuration)

    @cached_property
    def _session(self) -> Any:
        """A boto3 session that reads no profile, no configuration file and no credentials file."""
        import boto3
        import botocore.session

        core = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        return boto3.Session(botocore_session=core, region_name=self.region)

    def _client(self, service: str, region: str, credentials: Mapping[str, Any] | None) -> Any:
        from botocore.config import Config

        own = self.sandbox["aws"]
        keys = credentials or {
            "AccessKeyId": own["access_key_id"],
            "SecretAccessKey": own["secret_access_key"],
        }
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=own["endpoint_url"],
            **session_arguments(keys),
            config=Config(proxies={"http": "", "https": ""}, s3={"addressing_style": "path"}),
        )

    def fetch(self, url: str) -> bytes:
        """The issuer's public documents; the issuer's host maps to loopback here.

        Raises IrsaLabError for any other host: nothing in the sandbox leaves the machine.
        """
        issuer = self.sandbox["issuer"]
        return https.get(url, address=self._address(url), ca_file=issuer["ca_file"])

    def tls_chain(self, host: str) -> list[bytes]:
        """The certificates that the issuer's server presents, its own first."""
        return https.chain(host, address=self._address(f"https://{host}/"))

    def _address(self, url: str) -> tuple[str, int]:
        issuer = self.sandbox["issuer"]
        known = urlsplit(issuer["url"]).hostname
        asked = urlsplit(url).hostname
        if asked != known:
            raise IrsaLabError(
                f"the sandbox does not reach {asked}: it knows the issuer's host {known} alone",
                next_step="take the issuer from world.cluster.issuer_url",
            )
        host, _, port = issuer["address"].partition(":")
        return host, int(port)

    def trace(self, since: int = 0) -> list[dict[str, Any]]:
        """The hops of the handshakes seen so far, after number `since`, oldest first."""
        hops: list[dict[str, Any]] = self.control("GET", f"/trace?since={since}")
        return hops

    def follow_trace(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """The hops after number `since`, and each further one as it happens; ends with the sandbox.

        Raises nothing where the sandbox stops: there are no more hops then.
        """
        request = self._request("GET", f"/trace/stream?since={since}")
        with contextlib.suppress(OSError, HTTPException), _open(request) as answer:
            for line in answer:
                if line.startswith(DATA):
                    yield json.loads(line.removeprefix(DATA))

    def changes(self) -> list[int]:
        """Numbers of which one is another whenever AWS's records or the cluster have changed.

        Raises OSError where no sandbox answers.
        """
        numbers: list[int] = self.control("GET", "/status")["changes"]
        return numbers

    def console_url(self, *, projector: bool = False) -> str:
        """The address of the page that shows the handshake live, in large type for a projector.

        It holds the token.
        """
        control = self.sandbox["control"]
        large = "&projector" if projector else ""
        return f"{control['url']}/console?token={control['token']}{large}"

    def now(self, namespace: str = "") -> datetime:
        """The sandbox's own time, which is ahead of the machine's once it was moved."""
        told = self.control("GET", f"/clock?{urlencode({'namespace': namespace})}")
        return datetime.fromisoformat(told["now"])

    def advance_clock(self, seconds: float, *, namespace: str = "") -> None:
        """Move the sandbox's time forward: tokens age, sessions expire, the kubelet refreshes.

        With `namespace`, only there: its Pods, tokens and sessions go by a time of their own from
        then on, until the namespace is deleted.
        """
        self.control("POST", "/clock", {"advance_seconds": seconds, "namespace": namespace})

    def rotate_signing_key(self) -> None:
        """The issuer signs with a new key, as EKS does about every seven days."""
        self.control("POST", "/keys/rotate")

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the sandbox's own interface; returns its JSON answer."""
        try:
            with _open(self._request(method, path, body), timeout=10) as answer:
                return json.load(answer)
        except HTTPError as error:
            said = error.read().decode("utf-8", "replace")
            raise IrsaLabError(f"the sandbox refused {method} {path}: {said}") from error

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Request:
        control = self.sandbox["control"]
        return Request(
            control["url"] + path,
            method=method,
            data=json.dumps(body or {}).encode() if method == "POST" else None,
            headers={"Authorization": f"Bearer {control['token']}"},
        )


def _open(request: Request, timeout: float | None = None) -> Any:
    """The answer, whatever proxies the person at the keyboard has."""
    return build_opener(ProxyHandler({})).open(request, timeout=timeout)


class MemberAccount(SandboxWorld):
    """The same cluster, with AWS as the administrator of another account sees it."""

    def __init__(self, home: World, account_id: str) -> None:
        super().__init__(sandbox_of(home))
        assert isinstance(home, SandboxWorld)
        self._first, self._account_id = home, account_id
        # A session reads each service's description once: a second one would read them again.
        self._session = home._session
        role = f"arn:aws:iam::{account_id}:role/{ADMINISTRATOR}"
        answer = home.aws("sts").assume_role(RoleArn=role, RoleSessionName="administrator")
        self._credentials = answer["Credentials"]

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster of the first account; ARNs made from here are of this account."""
        return replace(self._first.cluster, account_id=self._account_id)

    def _client(self, service: str, region: str, credentials: Mapping[str, Any] | None) -> Any:
        return super()._client(service, region, credentials or self._credentials)


def sandbox_of(world: World) -> Mapping[str, Any]:
    """The state of a world's sandbox. Raises IrsaLabError where it is a real account."""
    if not isinstance(world, SandboxWorld):
        raise IrsaLabError(
            "the other accounts are the sandbox's",
            next_step="use an account of your own in their place",
        )
    return world.sandbox


def in_account(world: World, account_id: str) -> World:
    """The world with AWS as another account of the sandbox: 444455556666 or 777788889999.

    Its administrator is a role that the first account may assume, as AWS Organizations makes it.
    Raises IrsaLabError where the world is a real account.
    """
    return MemberAccount(world, account_id)
