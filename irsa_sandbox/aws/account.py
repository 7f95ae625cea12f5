"""What is in the account before the learner begins: the admin, the cluster and the node's role."""

from __future__ import annotations

import json
from typing import Any

from irsa_sandbox.aws.records import moto_setup
from irsa_sandbox.aws.records.records import Records
from irsa_sandbox.aws.services.eks import clusters
from irsa_sandbox.aws.settings import (
    ADMIN_USER,
    CLUSTER_ROLE,
    NODE_ROLE,
    PARTNER_ACCOUNTS,
    PARTNER_ROLE,
    AwsSettings,
)
from irsa_sandbox.aws.wire import operations
from irsa_sandbox.aws.wire.invocations import Invocation, query_invocation

NODE_POLICIES = (
    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
CLUSTER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
# What the node, and so every Pod without a role of its own, may do to the story's data.
NODE_S3_ACCESS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
}


def ensure(records: Records, settings: AwsSettings) -> None:
    """The account holds what it must; runs in the records' thread."""
    from moto.eks.models import eks_backends
    from moto.iam.models import iam_backends

    moto_setup.open_account(settings.account_id)
    for partner in PARTNER_ACCOUNTS:
        moto_setup.open_account(partner)
    iam = iam_backends[settings.account_id]["aws"]
    names = {role.name for role in iam.roles.values()}
    if ADMIN_USER not in iam.users:
        _iam(records, settings.account_id, "CreateUser", UserName=ADMIN_USER)
    if NODE_ROLE not in names:
        node = {"Service": "ec2.amazonaws.com"}
        _make_role(records, settings.account_id, NODE_ROLE, node, NODE_POLICIES)
        _iam(
            records,
            settings.account_id,
            "PutRolePolicy",
            RoleName=NODE_ROLE,
            PolicyName="node-s3-access",
            PolicyDocument=json.dumps(NODE_S3_ACCESS),
        )
    if CLUSTER_ROLE not in names:
        eks = {"Service": "eks.amazonaws.com"}
        _make_role(records, settings.account_id, CLUSTER_ROLE, eks, (CLUSTER_POLICY,))
    if settings.cluster_name not in eks_backends[settings.account_id][settings.region].clusters:
        _make_cluster(records, settings)
    clusters.connect(settings)
    # A role of each other account that the first may assume, as Organizations makes it.
    first = {"AWS": f"arn:aws:iam::{settings.account_id}:root"}
    for partner in PARTNER_ACCOUNTS:
        if not iam_backends[partner]["aws"].roles:
            _make_role(records, partner, PARTNER_ROLE, first, (ADMINISTRATOR,))


def _make_role(
    records: Records,
    account_id: str,
    name: str,
    principal: dict[str, str],
    policies: tuple[str, ...],
) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    _iam(records, account_id, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document)
    for arn in policies:
        _iam(records, account_id, "AttachRolePolicy", RoleName=name, PolicyArn=arn)


def _make_cluster(records: Records, settings: AwsSettings) -> None:
    parameters: dict[str, Any] = {
        "name": settings.cluster_name,
        "roleArn": f"arn:aws:iam::{settings.account_id}:role/{CLUSTER_ROLE}",
        "resourcesVpcConfig": {
            "subnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-0918273645f0e1d2c"]
        },
        "version": clusters.KUBERNETES_VERSION,
    }
    records.perform(
        Invocation(
            "eks",
            "CreateCluster",
            settings.region,
            settings.account_id,
            path="/clusters",
            headers=(("content-type", "application/json"),),
            body=json.dumps(parameters).encode(),
            parameters=parameters,
        )
    )


def _iam(records: Records, account_id: str, operation: str, **fields: str) -> None:
    call = query_invocation("iam", operation, "us-east-1", account_id, fields)
    records.perform(operations.with_parameters(call))
