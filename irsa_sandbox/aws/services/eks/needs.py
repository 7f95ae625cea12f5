"""What the operations of EKS ask permission for.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic
Kubernetes Service".
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.wire.invocations import Invocation

_CLUSTER_OPERATIONS = {
    *("DescribeCluster", "CreateCluster", "DeleteCluster", "UpdateClusterConfig"),
    *("ListNodegroups", "CreateNodegroup", "ListFargateProfiles"),
    *("ListPodIdentityAssociations", "CreatePodIdentityAssociation"),
}
_ASSOCIATION_OPERATIONS = {
    "DescribePodIdentityAssociation",
    "UpdatePodIdentityAssociation",
    "DeletePodIdentityAssociation",
}
_TAG_OPERATIONS = {"TagResource", "UntagResource", "ListTagsForResource"}


def of(invocation: Invocation) -> list[Need] | None:
    """The permissions that a call needs."""
    operation, parameters = invocation.operation, invocation.parameters
    place = f"arn:aws:eks:{invocation.region}:{invocation.account_id}:"
    action = f"eks:{operation}"
    if operation == "ListClusters":
        return [_need(action, f"{place}cluster/*")]
    if operation in _TAG_OPERATIONS:
        return [_need(action, str(parameters.get("resourceArn", "")))]
    cluster = str(parameters.get("clusterName") or parameters.get("name") or "")
    if operation in _ASSOCIATION_OPERATIONS:
        name = f"{cluster}/{parameters.get('associationId', '')}"
        return [_need(action, f"{place}podidentityassociation/{name}"), *_passed(parameters)]
    if operation in _CLUSTER_OPERATIONS:
        return [_need(action, f"{place}cluster/{cluster}"), *_passed(parameters)]
    return None


def _passed(parameters: dict[str, Any]) -> list[Need]:
    """Leave to hand a role over to EKS, where the call does."""
    arn = parameters.get("roleArn")
    context: dict[str, str | list[str]] = {"iam:PassedToService": "pods.eks.amazonaws.com"}
    return [Need("iam:PassRole", str(arn), str(arn), context)] if arn else []


def _need(action: str, arn: str) -> Need:
    return Need(action, arn, arn)
