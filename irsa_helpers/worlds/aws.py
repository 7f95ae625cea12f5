"""A real AWS account and a real EKS cluster. What is made there costs money: plan first."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds import https
from irsa_helpers.worlds.world import World, session_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernetes.client import ApiClient


class AwsWorld(World):
    """Your own credentials (boto3's default chain) and the current context of your kubeconfig."""

    name = "aws"

    def __init__(self, cluster_name: str, region: str, *, approve: bool = False) -> None:
        super().__init__(cluster_name, region, state.home())
        self.needs_approval = not approve

    @cached_property
    def kubernetes(self) -> ApiClient:
        """The official client's ApiClient for this cluster.

        Raises IrsaLabError without a kubeconfig, or where its current context is another cluster.
        """
        from kubernetes import config

        update = f"aws eks update-kubeconfig --name {self.cluster_name} --region {self.region}"
        try:
            # Named here, since the library reads the variable once, when it is imported.
            client: ApiClient = config.new_client_from_config(  # type: ignore[no-untyped-call]
                config_file=os.environ.get("KUBECONFIG")
            )
        except config.ConfigException as error:
            raise IrsaLabError(f"no kubeconfig to use: {error}", next_step=update) from error
        server = client.configuration.host
        if server.rstrip("/").lower() != self.cluster.endpoint.rstrip("/").lower():
            raise IrsaLabError(
                f"your kubeconfig's current context is {server}, "
                f"but {self.cluster_name} is at {self.cluster.endpoint}",
                next_step=update,
            )
        return client

    def _client(self, service: str, region: str, credentials: Mapping[str, Any] | None) -> Any:
        import boto3

        return boto3.client(service, region_name=region, **session_arguments(credentials))

    def fetch(self, url: str) -> bytes:
        """The body of a public HTTPS document."""
        return https.get(url)

    def tls_chain(self, host: str) -> list[bytes]:
        """The certificates that the server of `host` presents, its own first."""
        return https.chain(host)

    def trace(self, since: int = 0) -> list[dict[str, Any]]:
        """Not available: raises IrsaLabError, which says where AWS keeps its record."""
        raise IrsaLabError(
            "AWS does not show the hops of a handshake",
            next_step="look for AssumeRoleWithWebIdentity in CloudTrail's event history; "
            "it appears some minutes after the call",
        )

    def advance_clock(self, seconds: float, *, namespace: str = "") -> None:
        """Not possible: raises IrsaLabError."""
        raise IrsaLabError(
            "time cannot be moved in a real account", next_step="wait, or try it in the sandbox"
        )

    def rotate_signing_key(self) -> None:
        """Not possible: raises IrsaLabError."""
        raise IrsaLabError(
            "EKS turns its signing key by itself, about every seven days",
            next_step="try it in the sandbox",
        )
