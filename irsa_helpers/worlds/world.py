"""What helpers and notebooks know of the world they work in, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernetes.client import ApiClient
    from kubernetes.dynamic import DynamicClient, Resource


@dataclass(frozen=True)
class Cluster:
    """An EKS cluster, as `eks:DescribeCluster` tells of it."""

    name: str
    region: str
    account_id: str
    issuer_url: str
    endpoint: str
    version: str
    arn: str


def session_arguments(credentials: Mapping[str, Any] | None) -> dict[str, Any]:
    """How boto3 is given the `Credentials` of an STS answer; nothing where there are none."""
    if credentials is None:
        return {}
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials.get("SessionToken"),
    }


class World(ABC):
    """An AWS account and an EKS cluster; see `.aws(service)`, `.kubernetes` and `.cluster`."""

    name: str
    needs_approval: bool
    namespace = "default"  # Where a workload is looked for that is named without one.

    def __init__(self, cluster_name: str, region: str, home: Path) -> None:
        self.cluster_name = cluster_name
        self.region = region
        self._home = home
        self._clients: dict[tuple[str, str], Any] = {}

    def aws(
        self,
        service: str,
        *,
        region: str | None = None,
        credentials: Mapping[str, Any] | None = None,
    ) -> Any:
        """A boto3 client of an AWS service.

        `credentials` is the `Credentials` member of an STS answer (AccessKeyId, SecretAccessKey,
        SessionToken): the client then acts as that session instead of as you.
        Raises IrsaLabError for a service that boto3 does not know.
        """
        if credentials is not None:
            return self._known(service, region or self.region, credentials)
        key = (service, region or self.region)
        if key not in self._clients:
            self._clients[key] = self._known(*key, None)
        return self._clients[key]

    def _known(self, service: str, region: str, credentials: Mapping[str, Any] | None) -> Any:
        """A new client; boto3's own refusal lists some 400 names."""
        from botocore.exceptions import UnknownServiceError

        try:
            return self._client(service, region, credentials)
        except UnknownServiceError:
            raise IrsaLabError(
                f"boto3 knows no service {service!r}",
                next_step="the sandbox has dynamodb, eks, iam, kms, s3, secretsmanager, sqs, sts",
            ) from None

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster's name, region, account, issuer, endpoint, version and ARN."""
        described = self.aws("eks").describe_cluster(name=self.cluster_name)["cluster"]
        return Cluster(
            name=described["name"],
            region=self.region,
            account_id=described["arn"].split(":")[4],
            issuer_url=described["identity"]["oidc"]["issuer"],
            endpoint=described["endpoint"],
            version=described["version"],
            arn=described["arn"],
        )

    def resource(self, api_version: str, kind: str) -> Resource:
        """One kind of Kubernetes object: get, create, patch, delete, watch.

        `world.resource("v1", "Pod").get(namespace="default").items`; an object's fields are named
        as in YAML. It is the official client's dynamic part: to import its model of every kind,
        as `kubernetes.client.CoreV1Api` does, takes a second.
        Raises IrsaLabError for a kind that the cluster does not have.
        """
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        try:
            resource: Resource = self._dynamic.resources.get(api_version=api_version, kind=kind)
        except ResourceNotFoundError:
            raise IrsaLabError(
                f"the cluster has no kind {kind!r} in {api_version!r}",
                next_step="`kubectl api-resources` in a terminal lists both",
            ) from None
        return resource

    @cached_property
    def _dynamic(self) -> DynamicClient:
        from kubernetes.dynamic import DynamicClient

        # Left to itself, it would remember the API's kinds in a folder that all users share.
        known = self._home / f"kinds-{self.cluster_name}.json"
        return DynamicClient(  # type: ignore[no-untyped-call]
            self.kubernetes, cache_file=str(known)
        )

    @property
    @abstractmethod
    def kubernetes(self) -> ApiClient:
        """The official client's ApiClient, connected to the cluster."""

    @abstractmethod
    def _client(self, service: str, region: str, credentials: Mapping[str, Any] | None) -> Any:
        """A new boto3 client."""

    @abstractmethod
    def fetch(self, url: str) -> bytes:
        """The body of a public HTTPS document, such as the issuer's discovery document."""

    @abstractmethod
    def tls_chain(self, host: str) -> list[bytes]:
        """The certificates (DER) that the HTTPS server of `host` presents, its own first."""

    @abstractmethod
    def trace(self, since: int = 0) -> list[dict[str, Any]]:
        """The hops of the handshakes seen so far, after number `since`, oldest first."""

    def now(self, namespace: str = "") -> datetime:
        """What time it is in this world (aware, UTC); with `namespace`, there."""
        return datetime.now(UTC)

    @abstractmethod
    def advance_clock(self, seconds: float, *, namespace: str = "") -> None:
        """Move this world's time forward; with `namespace`, only there, and apart from then on."""

    @abstractmethod
    def rotate_signing_key(self) -> None:
        """Let the issuer sign with a new key from now on; the old one stays published."""

    def describe(self) -> str:
        """Where you are, in a few lines."""
        caller = self.aws("sts").get_caller_identity()["Arn"]
        cluster = self.cluster
        rows = {
            "world": self.name,
            "account": cluster.account_id,
            "you": caller,
            "cluster": f"{cluster.name} ({cluster.region}, Kubernetes {cluster.version})",
            "issuer": cluster.issuer_url,
            "API server": cluster.endpoint,
        }
        return "\n".join(f"{name:<11}{value}" for name, value in rows.items())

    def __repr__(self) -> str:
        return f"<World {self.name}: {self.cluster_name} in {self.region}>"
