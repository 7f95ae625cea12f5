"""A kube2iam-style proxy in miniature, to see how it decides and how it is fooled. Not for use.

On a node such a proxy catches every call to the metadata service, and tells Pods apart by their
source address. Processes on one machine share theirs, so here the address is the first part of the
path, and the annotation `irsa-lab/address` of a Pod stands for its Pod IP.
Source: github.com/jtblin/kube2iam, README.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from irsa_helpers import pods, serviceaccounts
from irsa_helpers.changes import kubernetes_labels
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.lookups import delete_object, kubernetes_object

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

NAME = "node-proxy"
RBAC = "rbac.authorization.k8s.io"
ROLE_ANNOTATION = "iam.amazonaws.com/role"
ADDRESS_ANNOTATION = "irsa-lab/address"
IMDS_VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"


def ensure_node_proxy(world: World) -> str:
    """The proxy runs as a Pod; returns its URL. Raises IrsaLabError outside of the sandbox.

    A real one needs privileges on the node, which this course does not ask for.
    """
    if world.name != "sandbox":
        raise IrsaLabError(
            "the miniature proxy works in the sandbox alone",
            next_step="skip this part here, or read github.com/jtblin/kube2iam",
        )
    serviceaccounts.ensure_service_account(world, NAME)
    _ensure_may_list_pods(world)
    pods.ensure_deployment(
        world,
        NAME,
        service_account=NAME,
        image="python:3.12",
        command=("python", "-m", "irsa_course.node_proxy", _TOKENS, world.region),
    )
    return _address(world, pods.ready_pod_name(world, NAME))


def ensure_no_node_proxy(world: World) -> None:
    """The proxy is gone, and its rights with it. In a real world nothing is touched.

    There `ensure_node_proxy` makes none, so whatever has its name is somebody else's.
    """
    if world.name != "sandbox":
        return
    pods.ensure_no_deployment(world, NAME)
    serviceaccounts.ensure_no_service_account(world, NAME)
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        delete_object(world.resource(f"{RBAC}/v1", kind), NAME)


def deploy_behind_proxy(world: World, name: str, *, proxy: str, address: str, role: str) -> str:
    """A Pod of that address, annotated with a role; returns its name once it is ready.

    An empty `role` leaves the annotation out. What has that name already is replaced.
    """
    pods.ensure_no_deployment(world, name)
    annotations = {ADDRESS_ANNOTATION: address} | ({ROLE_ANNOTATION: role} if role else {})
    container = {
        "name": name,
        "image": "amazon/aws-cli",
        "command": ["sleep", "infinity"],
        # On a node an iptables rule leads there; the Pod knows nothing of it. A proxy that asks
        # STS first often needs more than the second that an SDK gives the metadata service.
        "env": [
            {"name": IMDS_VARIABLE, "value": f"{proxy}/{address}"},
            {"name": "AWS_METADATA_SERVICE_TIMEOUT", "value": "20"},
        ],
    }
    template = {
        "metadata": {"labels": {"app": name}, "annotations": annotations},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    manifest: Any = {
        "metadata": {"name": name, "labels": kubernetes_labels(world)},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }
    world.resource("apps/v1", "Deployment").create(namespace="default", body=manifest)
    return pods.ready_pod_name(world, name)


def _ensure_may_list_pods(world: World) -> None:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": NAME}
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": "default"}
    wanted: dict[str, dict[str, Any]] = {
        "ClusterRole": {"rules": [rule]},
        "ClusterRoleBinding": {"roleRef": reference, "subjects": [subject]},
    }
    metadata = {"name": NAME, "labels": kubernetes_labels(world)}
    for kind, content in wanted.items():
        resource = world.resource(f"{RBAC}/v1", kind)
        if kubernetes_object(resource, NAME) is None:
            resource.create(body={"metadata": metadata, **content})


def _address(world: World, pod: str, timeout_seconds: float = 20) -> str:
    """What the proxy printed when it was ready."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        said = pods.pod_logs(world, pod)
        if address := re.search(r"http://127\.0\.0\.1:\d+", said):
            return address.group()
        time.sleep(0.05)
    raise IrsaLabError(f"the proxy did not start: {said}", next_step=f"kubectl logs {pod}")
