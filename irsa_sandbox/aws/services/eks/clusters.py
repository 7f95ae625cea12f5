"""Clusters as EKS describes them. moto keeps them; what it makes up is mended here."""

from __future__ import annotations

import base64
from typing import Any

from irsa_sandbox.aws.services.record import Around
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire.invocations import Invocation

KUBERNETES_VERSION = "1.36"
PLATFORM_VERSION = "eks.3"


def mend(invocation: Invocation, around: Around) -> None:
    """Version, issuer, endpoint and certificate authority of a cluster just made."""
    from moto.eks.models import eks_backends
    from moto.moto_api._internal import mock_random

    name = str(invocation.parameters["name"])
    cluster = eks_backends[invocation.account_id][invocation.region].clusters[name]
    cluster.version = invocation.parameters.get("version", KUBERNETES_VERSION)
    cluster.platformVersion = PLATFORM_VERSION
    host = f"oidc.eks.{invocation.region}.amazonaws.com"
    issuer_id = f"{mock_random.getrandbits(128):032X}"
    cluster.identity = {"oidc": {"issuer": f"https://{host}/id/{issuer_id}"}}
    cluster.endpoint = f"https://{issuer_id}.gr7.{invocation.region}.eks.amazonaws.com"
    cluster.certificate_authority = {"data": ""}
    settings = around.settings
    if name == settings.cluster_name and invocation.region == settings.region:
        _connect(cluster, settings)


def connect(settings: AwsSettings) -> None:
    """Give the sandbox's cluster its addresses of this run."""
    from moto.eks.models import eks_backends

    _connect(
        eks_backends[settings.account_id][settings.region].clusters[settings.cluster_name], settings
    )


def _connect(cluster: Any, settings: AwsSettings) -> None:
    cluster.identity = {"oidc": {"issuer": settings.issuer_url}}
    cluster.endpoint = settings.kubernetes_endpoint
    ca = base64.b64encode(settings.kubernetes_ca_pem.encode()).decode()
    cluster.certificate_authority = {"data": ca}
