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


def build_target_trust_policy(world: World, association: dict[str, Any]) -> dict[str, Any]:
    """Let the role of an association assume its target role for that workload, and nobody else.

    `association` is as EKS describes it. Source: EKS User Guide, "Access AWS Resources using EKS
    Pod Identity Target IAM Roles".
    """
    tags = {
        "aws:RequestTag/eks-cluster-arn": world.cluster.arn,
        "aws:RequestTag/kubernetes-namespace": association["namespace"],
        "aws:RequestTag/kubernetes-service-account": association["serviceAccount"],
    }
    untagged = association.get("disableSessionTags", False)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": association["roleArn"]},
        "Action": list(ACTIONS[:1] if untagged else ACTIONS),
        "Condition": {
            "StringEquals": {"sts:ExternalId": association["externalId"]} if untagged else tags
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def build_target_permission_policy(target_role_arn: str, *, tags: bool = True) -> dict[str, Any]:
    """What the role of an association needs to go on to its target role; `tags` are its session's.

    Source: EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles".
    """
    actions = list(ACTIONS if tags else ACTIONS[:1])
    statement = {"Effect": "Allow", "Action": actions, "Resource": target_role_arn}
    return {"Version": "2012-10-17", "Statement": [statement]}


def describe_association(
    world: World, service_account: str, *, namespace: str = "default"
) -> dict[str, Any] | None:
    """What EKS knows of a ServiceAccount's association (`roleArn`, `associationId`, …), or None."""
    eks = world.aws("eks")
    summaries = eks.list_pod_identity_associations(
        clusterName=world.cluster_name, namespace=namespace, serviceAccount=service_account
    )["associations"]
    if not summaries:
        return None
    answer: dict[str, Any] = eks.describe_pod_identity_association(
        clusterName=world.cluster_name, associationId=summaries[0]["associationId"]
    )["association"]
    return answer


def ensure_association(
    world: World,
    service_account: str,
    *,
    role_arn: str,
    target_role_arn: str = "",
    namespace: str = "default",
    approve: bool = False,
) -> Change:
    """Pods of the ServiceAccount that are made from now on get this role, or the target role.

    The role must trust EKS Pod Identity. With `target_role_arn`, of whatever account, EKS goes on
    from the role to that one, which must trust the role. On a real cluster the add-on
    `eks-pod-identity-agent` must run; EKS Auto Mode has it built in.
    """
    name = f"{namespace}/{service_account}"
    association = describe_association(world, service_account, namespace=namespace)
    given = f"{target_role_arn}, by way of {role_arn}" if target_role_arn else role_arn
    before = association and (association["roleArn"], association.get("targetRoleArn") or "")
    if before == (role_arn, target_role_arn):
        return Change("none", KIND, name, (f"already gives {given}",))
    planned = Change("update" if association else "create", KIND, name, (f"give it {given}",))
    if not may_apply(world, approve):
        return planned
    eks = world.aws("eks")
    # An update without it would leave a target role as it is.
    target = {"targetRoleArn": target_role_arn} if target_role_arn or (before and before[1]) else {}
    if association:
        eks.update_pod_identity_association(
            clusterName=world.cluster_name,
            associationId=association["associationId"],
            roleArn=role_arn,
            **target,
        )
    else:
        eks.create_pod_identity_association(
            clusterName=world.cluster_name,
            namespace=namespace,
            serviceAccount=service_account,
            roleArn=role_arn,
            tags={TAG: world.cluster_name},
            **target,
        )
    return planned.done()


def ensure_no_association(
    world: World, service_account: str, *, namespace: str = "default", approve: bool = False
) -> Change:
    """The ServiceAccount has no association; Pods that run keep their role until replaced."""
    name = f"{namespace}/{service_account}"
    association = describe_association(world, service_account, namespace=namespace)
    if association is None:
        return Change("none", KIND, name)
    planned = Change("delete", KIND, name, (f"it gave {association['roleArn']}",))
    if not may_apply(world, approve):
        return planned
    world.aws("eks").delete_pod_identity_association(
        clusterName=world.cluster_name, associationId=association["associationId"]
    )
    return planned.done()


def tagged_associations(world: World) -> Iterator[tuple[str, str]]:
    """Namespace and ServiceAccount of each association that the lab made in this cluster."""
    eks = world.aws("eks")
    pages = eks.get_paginator("list_pod_identity_associations")
    for page in pages.paginate(clusterName=world.cluster_name):
        for summary in page["associations"]:
            association = eks.describe_pod_identity_association(
                clusterName=world.cluster_name, associationId=summary["associationId"]
            )["association"]
            if association.get("tags", {}).get(TAG) == world.cluster_name:
                yield summary["namespace"], summary["serviceAccount"]
