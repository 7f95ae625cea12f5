"""Which Pods NetworkPolicies keep from the metadata service."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.policy.network import may_reach

POD: dict[str, Any] = {"metadata": {"labels": {"app": "web"}}, "spec": {}}
ANYWHERE = {"ipBlock": {"cidr": "0.0.0.0/0"}}
NOT_IMDS = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}
LINK_LOCAL = {"ipBlock": {"cidr": "169.254.0.0/16"}}
ELSEWHERE = {"ipBlock": {"cidr": "10.0.0.0/8"}}
OF_WEB, ABSENT = {"key": "app", "values": ["web", "api"]}, "DoesNotExist"
DNS = {"namespaceSelector": {}}


def policy(
    *egress: dict[str, Any], selector: Any = None, types: Any = ("Egress",)
) -> dict[str, Any]:
    spec = {"podSelector": selector or {}, "policyTypes": list(types), "egress": list(egress)}
    return {"spec": spec}


@pytest.mark.parametrize(
    ("policies", "open_"),
    [
        ([], True),
        ([policy()], False),
        ([policy({})], True),
        ([policy({"to": [ANYWHERE]})], True),
        ([policy({"to": [NOT_IMDS]})], False),
        ([policy({"to": [LINK_LOCAL]})], True),
        ([policy({"to": [DNS]})], False),
        ([policy({"to": [ELSEWHERE]})], False),
        ([policy(selector={"matchExpressions": [{"key": "app", "operator": ABSENT}]})], True),
        ([policy(selector={"matchExpressions": [{"key": "tier", "operator": ABSENT}]})], False),
        ([policy(selector={"matchExpressions": [{"key": "tier", "operator": "Exists"}]})], True),
        ([policy(selector={"matchExpressions": [OF_WEB | {"operator": "In"}]})], False),
        ([policy(selector={"matchExpressions": [OF_WEB | {"operator": "NotIn"}]})], True),
        ([policy({"to": [NOT_IMDS, LINK_LOCAL]})], True),
        ([policy({"to": [ANYWHERE], "ports": [{"port": 443}]})], False),
        ([policy({"to": [ANYWHERE], "ports": [{"port": 80}]})], True),
        ([policy({"to": [NOT_IMDS]}), policy({"to": [ANYWHERE]})], True),
        ([policy(types=["Ingress"])], True),
        ([policy(selector={"matchLabels": {"app": "other"}})], True),
        ([policy(selector={"matchLabels": {"app": "web"}})], False),
        ([policy(selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})], False),
    ],
)
def test_egress_is_open_unless_a_policy_selects_the_pod_and_no_rule_allows_it(
    policies: list[dict[str, Any]], open_: bool
) -> None:
    assert may_reach(POD, policies) is open_


def test_a_pod_on_the_hosts_network_is_the_node() -> None:
    assert may_reach(POD | {"spec": {"hostNetwork": True}}, [policy()])
