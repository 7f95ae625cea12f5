"""The kube2iam-style proxy: it gives a Pod its role, and takes an address for an identity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from irsa_course import node_proxy
from irsa_helpers import pods, roles
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds import World

NODE_ROLE = "enginrect-node-role"


@pytest.fixture
def proxy(world: World) -> Iterator[str]:
    """The proxy's URL; the node may assume `proxied-role`."""
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trust = allow | {"Principal": {"AWS": roles.role_arn(world, NODE_ROLE)}}
    may = allow | {"Resource": roles.role_arn(world, "proxied-role")}
    roles.ensure_role(world, "proxied-role", {"Version": "2012-10-17", "Statement": trust})
    document = json.dumps({"Version": "2012-10-17", "Statement": may})
    iam = world.aws("iam")
    iam.put_role_policy(RoleName=NODE_ROLE, PolicyName="p", PolicyDocument=document)
    yield node_proxy.ensure_node_proxy(world)
    for name in ("one", "two"):
        pods.ensure_no_deployment(world, name)
    node_proxy.ensure_no_node_proxy(world)
    iam.delete_role_policy(RoleName=NODE_ROLE, PolicyName="p")


def test_an_address_decides_who_gets_the_role(world: World, proxy: str) -> None:
    role = roles.role_arn(world, "proxied-role")
    node_proxy.deploy_behind_proxy(world, "one", proxy=proxy, address="10.1.0.1", role=role)
    node_proxy.deploy_behind_proxy(world, "two", proxy=proxy, address="10.1.0.2", role="")
    assert ":assumed-role/proxied-role/" in pods.caller_in_pod(world, "one")
    assert "Unable to locate credentials" in pods.caller_in_pod(world, "two")

    pods.ensure_no_deployment(world, "one")
    node_proxy.deploy_behind_proxy(world, "two", proxy=proxy, address="10.1.0.1", role="")
    assert ":assumed-role/proxied-role/" in pods.caller_in_pod(world, "two"), "it is fooled"


def test_a_real_cluster_is_left_alone() -> None:
    with pytest.raises(IrsaLabError, match="sandbox alone"):
        node_proxy.ensure_node_proxy(SimpleNamespace(name="aws"))  # type: ignore[arg-type]


def test_a_real_clusters_objects_of_that_name_are_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles_of = world.resource("rbac.authorization.k8s.io/v1", "ClusterRole")
    roles_of.create(body={"metadata": {"name": "node-proxy-of-ours"}, "rules": []})
    monkeypatch.setattr(node_proxy, "NAME", "node-proxy-of-ours")
    monkeypatch.setattr(type(world), "name", "aws")
    node_proxy.ensure_no_node_proxy(world)
    assert roles_of.get(name="node-proxy-of-ours").metadata.name == "node-proxy-of-ours"
    monkeypatch.undo()
    roles_of.delete(name="node-proxy-of-ours")
