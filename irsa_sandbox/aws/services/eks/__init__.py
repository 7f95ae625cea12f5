"""EKS: clusters and EKS Pod Identity associations.

Source: EKS API, botocore eks/2017-11-01.
"""

from __future__ import annotations

from irsa_sandbox.aws.decisions.need import Rules
from irsa_sandbox.aws.services.eks import associations, clusters, needs
from irsa_sandbox.aws.services.record import Service

SERVICE = Service(
    "eks",
    endpoint="eks",
    moto="moto.eks.responses:EKSResponse",
    rules=Rules(needs.of, tells_why=False),
    amends={"CreateCluster": clusters.mend},
    performs=associations.OPERATIONS,
    path="/clusters",
)
