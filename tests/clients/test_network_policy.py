"""A NetworkPolicy before the metadata service, with kubectl and the AWS CLI; other new kinds."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers import pods
from irsa_helpers.worlds import World
from tests.typed import core_v1

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: no-metadata-service}
spec:
  podSelector: {}
  egress:
  - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]
"""


def test_it_takes_the_nodes_role_from_a_pod_and_gives_it_back(
    world: World, namespace: str, shell: Any
) -> None:
    kubectl = ("kubectl", "-n", namespace)
    pods.ensure_deployment(world, "app", service_account="default", namespace=namespace)
    assert "enginrect-node-role" in pods.caller_in_pod(world, "app", namespace=namespace)

    made = shell(*kubectl, "apply", "-f", "-", input=POLICY)
    assert made.stdout == "networkpolicy.networking.k8s.io/no-metadata-service created\n"
    assert "Unable to locate cred" in pods.caller_in_pod(world, "app", namespace=namespace)
    types = shell(*kubectl, "get", "netpol", "-o", "jsonpath={.items[0].spec.policyTypes}")
    assert types.stdout == '["Ingress","Egress"]'
    assert "Except: 169.254.169.254/32" in shell(*kubectl, "describe", "netpol").stdout

    shell(*kubectl, "delete", "networkpolicy", "no-metadata-service")
    assert "enginrect-node-role" in pods.caller_in_pod(world, "app", namespace=namespace)


def test_the_official_client_reads_the_node(world: World) -> None:
    [node] = core_v1(world).list_node().items
    assert node.status.node_info.system_uuid
    assert core_v1(world).read_node(node.metadata.name).spec.provider_id.startswith("aws:///")


@pytest.mark.parametrize("command", ["ec2 describe-instances", "cloudformation list-stacks"])
def test_a_service_that_is_not_here_says_so(shell: Any, command: str) -> None:
    refused = shell("aws", *command.split(), check=False)
    assert "NotImplemented" in refused.stderr
    assert "The sandbox does not implement the service" in refused.stderr
