"""The world that helpers and notebooks talk to: one AWS account and one EKS cluster.

Which one is decided once, in `connect()`: the sandbox on this machine, or a real account where
`IRSA_LAB_WORLD=aws` asks for it. The same cells run in both, since they only use boto3 and the
Kubernetes client that the World hands out.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds.world import Cluster, World

__all__ = ["DEFAULT_CLUSTER", "DEFAULT_REGION", "Cluster", "World", "chosen_world", "connect"]

DEFAULT_CLUSTER = "enginrect-cluster"
DEFAULT_REGION = "ap-northeast-2"


def chosen_world() -> str:
    """The world that `auto` stands for: what `IRSA_LAB_WORLD` names, else the sandbox."""
    return os.environ.get("IRSA_LAB_WORLD") or "sandbox"


def connect(world: str = "auto", *, approve: bool = False) -> World:
    """The world to work in; starts the sandbox where none runs.

    `world` is `sandbox`, `aws`, `kubeconfig` (your current context, to look at), or `auto`: the
    sandbox, unless `IRSA_LAB_WORLD` names another.
    A real world is the account of your boto3 default credentials and the cluster named by
    `IRSA_LAB_CLUSTER` in the region `IRSA_LAB_REGION`. There a helper shows its plan and
    changes nothing until `approve=True`: here for all of them, in a call for that call.
    Raises IrsaLabError for another name, where the sandbox cannot start, or where the shell's
    variables lead a real world to the sandbox.
    """
    chosen = chosen_world() if world == "auto" else world
    if chosen == "sandbox":
        from irsa_helpers.worlds.launch import ensure_sandbox
        from irsa_helpers.worlds.sandbox import SandboxWorld

        return SandboxWorld(ensure_sandbox(state.home()))
    if chosen == "kubeconfig":
        from irsa_helpers.worlds.kubeconfig import KubeconfigWorld

        return KubeconfigWorld()
    if chosen == "aws":
        from irsa_helpers.worlds.aws import AwsWorld

        _check_endpoint()
        return AwsWorld(
            os.environ.get("IRSA_LAB_CLUSTER", DEFAULT_CLUSTER),
            os.environ.get("IRSA_LAB_REGION", DEFAULT_REGION),
            approve=approve,
        )
    raise IrsaLabError(
        f"unknown world {chosen!r}; expected sandbox, aws, kubeconfig or auto",
        next_step="call connect() for the sandbox, or set IRSA_LAB_WORLD=aws for a real account",
    )


def _check_endpoint() -> None:
    """Raises IrsaLabError where boto3 would look for AWS on this machine.

    So it is in a shell that has evaluated `irsa-lab env`: its "real account" would be the sandbox.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if urlsplit(endpoint).hostname in {"127.0.0.1", "localhost", "::1"}:
        raise IrsaLabError(
            f"AWS_ENDPOINT_URL is {endpoint}, so AWS calls would go to this machine",
            next_step="open a new shell, without the variables of `irsa-lab env`",
        )
