"""EKS Pod Identity: the other way from a ServiceAccount to a role, by an association in EKS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_helpers.changes import TAG, Change, may_apply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.worlds import World

KIND = "Pod Identity association"
SERVICE = "pods.eks.amazonaws.com"
ACTIONS = ("sts:AssumeRole", "sts:TagSession")


def build_pod_identity_trust_policy() -> dict[str, Any]:
    """Let EKS Pod Identity assume the role and tag its sessions; it names no cluster.

    Source: EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity".
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": list(ACTIONS),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def describe_association(
    world: World, service_account: str, *, namespace: str = "default"
) -> dict[str, Any] | None:
    """What EKS knows of a ServiceAccount's association (`roleArn`, `associationId`, …), or None."""
    eks = world.aws("eks")
    found = eks.list_pod_identity_associations(
        clusterName=world.cluster_name, namespace=namespace, serviceAccount=service_account
    )["associations"]
    if not found:
        return None
    answer: dict[str, Any] = eks.describe_pod_identity_association(
        clusterName=world.cluster_name, associationId=found[0]["associationId"]
    )["association"]
    return answer


def ensure_association(
    world: World,
    service_account: str,
    *,
    role_arn: str,
    namespace: str = "default",
    approve: bool = False,
) -> Change:
    """Pods of the ServiceAccount that are made from now on get this role.

    The role must trust EKS Pod Identity. On a real cluster the add-on `eks-pod-identity-agent`
    must run; EKS Auto Mode has it built in.
    """
    name = f"{namespace}/{service_account}"
    found = describe_association(world, service_account, namespace=namespace)
    if found and found["roleArn"] == role_arn:
        return Change("none", KIND, name, (f"already gives {role_arn}",))
    planned = Change("update" if found else "create", KIND, name, (f"give it {role_arn}",))
    if not may_apply(world, approve):
        return planned
    eks = world.aws("eks")
    if found:
        eks.update_pod_identity_association(
            clusterName=world.cluster_name, associationId=found["associationId"], roleArn=role_arn
        )
    else:
        eks.create_pod_identity_association(
            clusterName=world.cluster_name,
            namespace=namespace,
            serviceAccount=service_account,
            roleArn=role_arn,
            tags={TAG: world.cluster_name},
        )
    return planned.done()


def ensure_no_association(
    world: World, service_account: str, *, namespace: str = "default", approve: bool = False
) -> Change:
    """The ServiceAccount has no association; Pods that run keep their role until replaced."""
    name = f"{namespace}/{service_account}"
    found = describe_association(world, service_account, namespace=namespace)
    if found is None:
        return Change("none", KIND, name)
    planned = Change("delete", KIND, name, (f"it gave {found['roleArn']}",))
    if not may_apply(world, approve):
        return planned
    world.aws("eks").delete_pod_identity_association(
        clusterName=world.cluster_name, associationId=found["associationId"]
    )
    return planned.done()


def tagged_associations(world: World) -> Iterator[tuple[str, str]]:
    """Namespace and ServiceAccount of each association that the lab made in this cluster."""
    eks = world.aws("eks")
    pages = eks.get_paginator("list_pod_identity_associations")
    for page in pages.paginate(clusterName=world.cluster_name):
        for each in page["associations"]:
            found = eks.describe_pod_identity_association(
                clusterName=world.cluster_name, associationId=each["associationId"]
            )["association"]
            if found.get("tags", {}).get(TAG) == world.cluster_name:
                yield each["namespace"], each["serviceAccount"]
