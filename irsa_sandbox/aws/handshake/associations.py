"""EKS Pod Identity associations, as they are kept with their cluster, read for a handshake.

An association has the members of EKS's PodIdentityAssociation.
"""

from __future__ import annotations

from typing import Any

from irsa_helpers.errors import AwsError

Association = dict[str, Any]


def find(
    associations: dict[str, Association], namespace: str, service_account: str
) -> Association | None:
    """The association of a ServiceAccount, None where it has none."""
    wanted = (namespace, service_account)
    listed = list(associations.values())
    return next((it for it in listed if (it["namespace"], it["serviceAccount"]) == wanted), None)


def of_cluster(account_id: str, region: str, name: str) -> dict[str, Association]:
    """The associations of a cluster, as they are kept. Raises AwsError where there is none."""
    from moto.eks.models import eks_backends

    cluster = eks_backends[account_id][region].clusters.get(name)
    if cluster is None:
        text = f"No cluster found for name: {name}."
        raise AwsError("ResourceNotFoundException", 404, text)
    kept: dict[str, Association] = vars(cluster).setdefault("pod_identity_associations", {})
    return kept
