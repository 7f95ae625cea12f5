"""The service accounts of well-known add-ons, and the AWS calls that each makes.

Source: each project's own IAM policy, in its documentation or its chart. Here are the calls without
which it does not do its work; what only some of its features need is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import SkipError
from irsa_helpers.doctor.fixes.shell import comment
from irsa_helpers.doctor.result import Link, ok, risk
from irsa_helpers.policy.lists import listed
from irsa_helpers.policy.match import action_matches
from irsa_helpers.policy.permissions import allowing

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case


@dataclass(frozen=True)
class Addon:
    """An add-on: the ServiceAccounts that it runs as, and its calls.

    Calls with a bar between them are one another's stead: one of them is enough.
    """

    name: str
    accounts: frozenset[str]
    calls: tuple[str, ...]

    def lacking(self, documents: list[dict[str, Any]]) -> list[str]:
        """The calls that no policy allows on anything."""
        return [
            call
            for call in self.calls
            if not any(_is_allowed(action, documents) for action in call.split("|"))
        ]


def _is_allowed(action: str, documents: list[dict[str, Any]]) -> bool:
    """Whether some statement allows the action, on whatever and under whatever condition."""
    for statement in allowing(documents):
        named = listed(statement.get("Action", statement.get("NotAction", [])))
        matched = any(action_matches(pattern, action) for pattern in named)
        if matched is ("Action" in statement):
            return True
    return False


def _addon(name: str, accounts: str, calls: str) -> Addon:
    return Addon(name, frozenset(accounts.split()), tuple(calls.split()))


_OBJECTS = "s3:ListBucket s3:GetObject s3:PutObject s3:DeleteObject"
ADDONS = (
    _addon(
        "AWS Load Balancer Controller",
        "kube-system/aws-load-balancer-controller",
        "ec2:DescribeAvailabilityZones ec2:DescribeVpcs ec2:DescribeSubnets "
        "ec2:DescribeSecurityGroups ec2:DescribeInstances ec2:AuthorizeSecurityGroupIngress "
        "elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeTargetGroups "
        "elasticloadbalancing:CreateLoadBalancer elasticloadbalancing:CreateTargetGroup "
        "elasticloadbalancing:CreateListener elasticloadbalancing:RegisterTargets "
        "elasticloadbalancing:DeregisterTargets elasticloadbalancing:AddTags",
    ),
    _addon(
        "ExternalDNS",
        "external-dns/external-dns kube-system/external-dns default/external-dns",
        "route53:ChangeResourceRecordSets route53:ListHostedZones|route53:ListHostedZonesByName "
        "route53:ListResourceRecordSets",
    ),
    _addon(
        "Amazon EBS CSI driver",
        "kube-system/ebs-csi-controller-sa",
        "ec2:CreateVolume ec2:DeleteVolume ec2:AttachVolume ec2:DetachVolume ec2:DescribeVolumes "
        "ec2:DescribeInstances ec2:DescribeAvailabilityZones ec2:CreateTags",
    ),
    _addon(
        "Karpenter",
        "kube-system/karpenter karpenter/karpenter",
        "ec2:CreateFleet ec2:RunInstances ec2:CreateLaunchTemplate ec2:TerminateInstances "
        "ec2:CreateTags ec2:DescribeInstances ec2:DescribeInstanceTypes "
        "ec2:DescribeInstanceTypeOfferings ec2:DescribeSubnets ec2:DescribeSecurityGroups "
        "ec2:DescribeImages iam:PassRole ssm:GetParameter pricing:GetProducts eks:DescribeCluster",
    ),
    _addon(
        "Cluster Autoscaler",
        "kube-system/cluster-autoscaler kube-system/cluster-autoscaler-aws-cluster-autoscaler",
        "autoscaling:DescribeAutoScalingGroups autoscaling:DescribeAutoScalingInstances "
        "autoscaling:SetDesiredCapacity autoscaling:TerminateInstanceInAutoScalingGroup",
    ),
    _addon(
        "cert-manager",
        "cert-manager/cert-manager",
        "route53:GetChange route53:ChangeResourceRecordSets|sts:AssumeRole",
    ),
    _addon(
        "External Secrets Operator",
        "external-secrets/external-secrets",
        "secretsmanager:GetSecretValue|ssm:GetParameter|ssm:GetParametersByPath|sts:AssumeRole",
    ),
    _addon("Grafana Loki", "loki/loki monitoring/loki logging/loki", _OBJECTS),
    _addon(
        "Velero",
        "velero/velero velero/velero-server",
        f"{_OBJECTS} s3:AbortMultipartUpload s3:ListMultipartUploadParts",
    ),
    _addon("Argo Workflows", "argo/argo argo/argo-workflow", "s3:GetObject s3:PutObject"),
    _addon(
        "Argo CD",
        "argocd/argocd-application-controller argocd/argocd-server",
        "sts:AssumeRole|eks:DescribeCluster",
    ),
)
BY_ACCOUNT = {account: addon for addon in ADDONS for account in addon.accounts}


def addon_calls(case: Case) -> Link:
    """The role of a well-known add-on allows the calls that it makes."""
    addon = BY_ACCOUNT.get(f"{case.namespace}/{case.intended_account}")
    if addon is None:
        return ok("no well-known add-on's ServiceAccount")
    documents = list(case.policies.values())
    if not documents:
        raise SkipError("the role has no policy")
    lacking = addon.lacking(documents)
    if not lacking:
        return ok(f"{addon.name}: all {len(addon.calls)} calls are allowed on something")
    return risk(
        f"{addon.name} calls {', '.join(lacking)}, which no policy of {case.role_name} allows",
        expected=f"what {addon.name} documents as its IAM policy",
        error="AccessDenied, or UnauthorizedOperation, in the add-on's log",
        fix=comment(f"compare {', '.join(case.policies)} with the policy that {addon.name} gives"),
    )
