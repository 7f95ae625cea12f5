"""Well-known add-ons are known by their ServiceAccounts, with the calls that each makes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from irsa_helpers.doctor.links.addons import ADDONS, BY_ACCOUNT, Addon, addon_calls

# IAM's prefix of a service, where boto3's name is another.
SERVICES = {"elasticloadbalancing": "elbv2"}
# Actions that no call has the name of. Source: Service Authorization Reference.
NO_CALLS = {"s3:ListBucket", "iam:PassRole", "s3:ListMultipartUploadParts"}


def policies(*actions: str, **members: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | members
    return {"own": {"Version": "2012-10-17", "Statement": statement}}


def case(account: str, found: dict[str, Any]) -> Any:
    namespace, _, name = account.partition("/")
    return SimpleNamespace(
        namespace=namespace, intended_account=name, policies=found, role_name="role"
    )


def test_each_of_the_known_ones_is_here() -> None:
    known = {
        "kube-system/aws-load-balancer-controller",
        "external-dns/external-dns",
        "kube-system/ebs-csi-controller-sa",
        "kube-system/karpenter",
        "kube-system/cluster-autoscaler",
        "cert-manager/cert-manager",
        "external-secrets/external-secrets",
        "loki/loki",
        "velero/velero-server",
        "argocd/argocd-application-controller",
        "argo/argo",
    }
    assert known <= BY_ACCOUNT.keys()


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_every_call_is_one_that_aws_has(addon: Addon) -> None:
    for call in (each for calls in addon.calls for each in calls.split("|")):
        prefix, _, action = call.partition(":")
        if call in NO_CALLS:
            continue
        service = SERVICES.get(prefix, prefix)
        client = boto3.client(service, region_name="us-east-1")
        names = {*client.meta.service_model.operation_names}
        assert action in names, f"{addon.name}: {call}"


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_a_policy_with_its_calls_is_enough_and_one_less_is_told(addon: Addon) -> None:
    account = min(addon.accounts)
    first = [calls.split("|")[0] for calls in addon.calls]
    assert addon_calls(case(account, policies(*first))).state == "ok"
    lacking = addon_calls(case(account, policies("x:y", *first[1:])))
    assert lacking.state == "risk"
    assert addon.calls[0] in lacking.found


def test_patterns_and_conditions_count_as_allowed_and_other_accounts_are_no_addons() -> None:
    wide = policies("s3:*", Condition={"StringEquals": {"aws:RequestTag/x": "y"}})
    assert addon_calls(case("loki/loki", wide)).state == "ok"
    assert addon_calls(case("shop/app", {})).state == "ok"
