"""Any cluster of a kubeconfig, with any AWS profile: what the doctor looks at in production."""

from __future__ import annotations

import os
import re
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.aws import AwsWorld
from irsa_helpers.worlds.world import session_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernetes.client import ApiClient

USUAL = "~/.kube/config"
# What names an EKS cluster. Source: `aws eks update-kubeconfig`, and eksctl's contexts.
ARN = re.compile(r"arn:[^:]+:eks:(?P<region>[^:]+):\d{12}:cluster/(?P<name>.+)")
EKSCTL = re.compile(r"(?:.*@)?(?P<name>[^.@]+)\.(?P<region>[a-z0-9-]+)\.eksctl\.io")
HOST = re.compile(r"\.(?P<region>[a-z]{2}[a-z-]*-\d)\.eks\.amazonaws\.com")


class KubeconfigWorld(AwsWorld):
    """One context of a kubeconfig, and the account of an AWS profile (or boto3's default)."""

    name = "kubeconfig"

    def __init__(
        self,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        profile: str | None = None,
        cluster: str | None = None,
        region: str | None = None,
    ) -> None:
        self._kubeconfig = kubeconfig or os.environ.get("KUBECONFIG") or USUAL
        self._context = context
        self._profile = profile
        files = read_kubeconfig(self._kubeconfig)
        self.namespace = _context(files, context).get("namespace") or "default"
        cluster_of_context = identified(files, context)
        name = cluster or cluster_of_context.get("name") or os.environ.get("IRSA_LAB_CLUSTER")
        place = region or cluster_of_context.get("region") or os.environ.get("AWS_REGION")
        if not name or not place:
            raise IrsaLabError(
                f"the context {context or 'that is current'} does not tell which EKS cluster it is",
                next_step="add --cluster NAME --region REGION",
            )
        super().__init__(name, place)

    @cached_property
    def kubernetes(self) -> ApiClient:
        """The official client's ApiClient for the context."""
        from kubernetes import config

        client: ApiClient = config.new_client_from_config(  # type: ignore[no-untyped-call]
            config_file=self._kubeconfig, context=self._context
        )
        return client

    @cached_property
    def _session(self) -> Any:
        import boto3
        from botocore.exceptions import ProfileNotFound

        try:
            return boto3.Session(profile_name=self._profile)
        except ProfileNotFound as error:
            raise IrsaLabError(str(error), next_step="aws configure list-profiles") from error

    def _client(self, service: str, region: str, credentials: Mapping[str, Any] | None) -> Any:
        return self._session.client(service, region_name=region, **session_arguments(credentials))


def read_kubeconfig(paths: str) -> dict[str, Any]:
    """The members of one or several files, joined as kubectl joins them: the first one counts.

    Raises IrsaLabError where there is none.
    """
    joined: dict[str, Any] = {}
    files = [Path(name).expanduser() for name in paths.split(os.pathsep) if name]
    for path in (path for path in files if path.is_file()):
        for key, value in (yaml.safe_load(path.read_text("utf-8")) or {}).items():
            if isinstance(value, list):
                joined.setdefault(key, []).extend(value)
            else:
                joined.setdefault(key, value)
    if not joined:
        raise IrsaLabError(
            f"there is no kubeconfig at {paths}",
            next_step="aws eks update-kubeconfig --name CLUSTER",
        )
    return joined


def identified(kubeconfig: Mapping[str, Any], context: str | None) -> dict[str, str]:
    """The `name` and `region` of the EKS cluster of a context, as far as they are told.

    By the cluster's ARN, by eksctl's names, or by what `aws eks get-token` is asked for. Raises
    IrsaLabError for a context that is not there.
    """
    chosen = _context(kubeconfig, context)
    wanted = context or kubeconfig.get("current-context")
    for text in (chosen.get("cluster", ""), str(wanted)):
        if named := ARN.fullmatch(text) or EKSCTL.fullmatch(text):
            return named.groupdict()
    server = (_named(kubeconfig, "clusters", chosen.get("cluster"), "cluster") or {}).get("server")
    host = HOST.search(str(server))
    user = _named(kubeconfig, "users", chosen.get("user"), "user") or {}
    return (host.groupdict() if host else {}) | _asked_for(user.get("exec") or {})


def _context(kubeconfig: Mapping[str, Any], context: str | None) -> dict[str, Any]:
    """A context's members, or the current one's. Raises IrsaLabError where it is not there."""
    wanted = context or kubeconfig.get("current-context")
    chosen = _named(kubeconfig, "contexts", wanted, "context")
    if chosen is None:
        names = [entry["name"] for entry in kubeconfig.get("contexts") or []]
        raise IrsaLabError(
            f"the kubeconfig has no context {wanted}; it has {', '.join(names) or 'none'}",
            next_step="kubectl config get-contexts",
        )
    return chosen


def _named(
    kubeconfig: Mapping[str, Any], group: str, name: str | None, member: str
) -> dict[str, Any] | None:
    entries = (entry[member] for entry in kubeconfig.get(group) or [] if entry["name"] == name)
    return next((dict(entry) for entry in entries), None)


def _asked_for(command: Mapping[str, Any]) -> dict[str, str]:
    """The cluster and the region in the arguments of `aws eks get-token`, and of its like."""
    words = [str(word) for word in command.get("args") or []]
    options = {"--cluster-name": "name", "--cluster-id": "name", "-i": "name", "--region": "region"}
    pairs = pairwise(words)
    return {options[word]: value for word, value in pairs if word in options}
