"""What the doctor tries: STS for a role of another account, and the way to the node's role."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers import oidc, pods, roles, serviceaccounts, trust
from irsa_helpers.doctor import doctor
from irsa_helpers.policy.network import allows
from irsa_helpers.policy.selectors import selects
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account

OTHER = "777788889999"


@pytest.fixture
def foreign(world: World, namespace: str) -> World:
    """Another account, with a role that admits the ServiceAccount `app`, which asks for it."""
    account = in_account(world, OTHER)
    oidc.ensure_provider(account)
    policy = trust.build_trust_policy(oidc.provider_arn(account), namespace, "app")
    roles.ensure_role(account, "reach-role", policy)
    roles.ensure_role(account, "reach-role", policy)
    role_arn = roles.role_arn(account, "reach-role")
    serviceaccounts.ensure_service_account(world, "app", namespace=namespace, role_arn=role_arn)
    return account


def handshake(world: World, namespace: str) -> Any:
    return doctor(world, "sa/app", namespace=namespace)["handshake"]


def test_a_role_of_another_account_is_tried(world: World, namespace: str, foreign: World) -> None:
    found = handshake(world, namespace)
    assert (found.state, f"::{OTHER}:assumed-role/reach-role/" in found.found) == ("ok", True)


def test_its_refusals_tell_where_to_look(world: World, namespace: str, foreign: World) -> None:
    audience = {"OpenIDConnectProviderArn": oidc.provider_arn(foreign), "ClientID": oidc.AUDIENCE}
    iam = foreign.aws("iam")
    iam.remove_client_id_from_open_id_connect_provider(**audience)
    found = handshake(world, namespace)
    assert "Incorrect token audience" in found.error
    assert "add-client-id-to-open-id-connect-provider" in found.fix

    oidc.ensure_no_provider(foreign)
    found = handshake(world, namespace)
    assert "No OpenIDConnect provider found" in found.error
    assert f"# with credentials of account {OTHER}:" in found.fix

    oidc.ensure_provider(foreign)
    roles.ensure_no_role(foreign, "reach-role")
    found = handshake(world, namespace)
    assert "Not authorized to perform" in found.error
    assert "whose trust policy admits" in found.expected


def test_a_pod_without_a_role_may_reach_the_nodes(world: World, namespace: str) -> None:
    serviceaccounts.ensure_service_account(world, "tool", namespace=namespace)
    pods.ensure_deployment(world, "tool", service_account="tool", namespace=namespace)
    pods.wait_for_pod(world, "tool", namespace=namespace)
    found = doctor(world, "deployment/tool", namespace=namespace)["metadata-service"]
    assert found.state == "risk"
    assert "kind: NetworkPolicy" in found.fix


@pytest.mark.parametrize(
    ("rule", "opens"),
    [
        ({}, True),
        ({"to": [{"ipBlock": {"cidr": "169.254.0.0/16"}}]}, True),
        ({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, False),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}]}, False),
        ({"to": [{"podSelector": {}}]}, False),
    ],
)
def test_a_rule_opens_the_way_or_not(rule: dict[str, Any], opens: bool) -> None:
    assert allows(rule) is opens


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("In", ["a"], True),
        ("NotIn", ["a"], False),
        ("NotIn", ["b"], True),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_a_namespace_selectors_expression(operator: str, values: list[str], holds: bool) -> None:
    expression = {"key": "name", "operator": operator, "values": values}
    assert selects({"matchExpressions": [expression]}, {"name": "a"}) is holds
