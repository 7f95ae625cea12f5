"""The cluster's own parts may do what they are for, and no more."""

from __future__ import annotations

import pytest
from kubernetes.client import AuthorizationV1Api
from kubernetes.watch import Watch

from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.node.node import NODE_NAME
from tests.typed import core_v1

CONTROLLERS, SCHEDULER = "system:kube-controller-manager", "system:kube-scheduler"
NODE = f"system:node:{NODE_NAME}"
WEBHOOK = "system:serviceaccount:kube-system:pod-identity-webhook"


@pytest.mark.parametrize(
    ("user", "verb", "group", "resource", "subresource", "allowed"),
    [
        (CONTROLLERS, "create", "apps", "replicasets", "", True),
        (CONTROLLERS, "create", "apps", "controllerrevisions", "", True),
        (CONTROLLERS, "create", "batch", "jobs", "", True),
        (CONTROLLERS, "create", "batch", "cronjobs", "", False),
        (CONTROLLERS, "delete", "", "secrets", "", True),
        (CONTROLLERS, "create", "", "secrets", "", False),
        (CONTROLLERS, "create", "", "pods", "exec", False),
        (SCHEDULER, "create", "", "pods", "binding", True),
        (SCHEDULER, "list", "", "persistentvolumeclaims", "", True),
        (SCHEDULER, "delete", "", "pods", "", False),
        (NODE, "create", "", "serviceaccounts", "token", True),
        (NODE, "create", "", "pods", "", False),
        (WEBHOOK, "get", "", "serviceaccounts", "", True),
        (WEBHOOK, "get", "", "pods", "", False),
    ],
)
def test_a_part_may_do_its_work(
    world: SandboxWorld,
    user: str,
    verb: str,
    group: str,
    resource: str,
    subresource: str,
    allowed: bool,
) -> None:
    asked = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
    groups = ["system:nodes"] if user == NODE else []
    spec = {"user": user, "groups": groups, "resourceAttributes": asked | {"namespace": "default"}}
    review = AuthorizationV1Api(world.kubernetes).create_subject_access_review({"spec": spec})
    assert review.status.allowed == allowed


def test_each_part_signs_its_own_writes(world: SandboxWorld, namespace: str) -> None:
    spec = {"nodeSelector": {"disk": "ssd"}, "containers": [{"name": "c", "image": "pause"}]}
    made = core_v1(world).create_namespaced_pod(
        namespace, {"metadata": {"name": "p"}, "spec": spec}
    )
    version = made.metadata.resource_version
    listing = core_v1(world).list_namespaced_pod
    stream = Watch().stream(listing, namespace, resource_version=version, timeout_seconds=20)
    pod = next(each["object"] for each in stream)
    assert pod.metadata.managed_fields[-1].manager == "kube-scheduler"
