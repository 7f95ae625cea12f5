"""Waiting for a Deployment's Pod, and saying why it does not come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.lookups import kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernetes.dynamic import Resource, ResourceInstance

    from irsa_helpers.worlds import World

HOPELESS = {
    "ErrImagePull": "use an image that can be pulled; in the sandbox: amazon/aws-cli, python:3.12",
    "ImagePullBackOff": "use an image that can be pulled; in the sandbox: amazon/aws-cli, python",
    "InvalidImageName": "correct the image's name",
    "CreateContainerConfigError": "create the ConfigMap or Secret that the container names",
    "CrashLoopBackOff": "read what it said: pod_logs(world, POD, previous=True)",
}
REVISION = "deployment.kubernetes.io/revision"


def wait_for_pod(
    world: World, deployment: str, *, namespace: str = "default", timeout_seconds: float = 60
) -> ResourceInstance:
    """The running, ready Pod of the Deployment's newest revision; never one that is being replaced.

    Raises IrsaLabError, with what Kubernetes says about it, where none comes in time or the Pod
    cannot start at all.
    """
    deadline = time.monotonic() + timeout_seconds
    current = _rolled_out(world, deployment, namespace, deadline)
    selector = _newest_pods(world, current, namespace)
    pods = world.resource("v1", "Pod")
    pod = _watch(pods, _is_ready, deadline, namespace=namespace, label_selector=selector)
    if pod is None:
        raise _no_pod(world, deployment, namespace, selector, timeout_seconds)
    return pod


def _rolled_out(world: World, name: str, namespace: str, deadline: float) -> ResourceInstance:
    """The Deployment, once its controller has seen its newest revision."""
    deployments = world.resource("apps/v1", "Deployment")
    if kubernetes_object(deployments, name, namespace) is None:
        raise IrsaLabError(
            f"there is no Deployment {namespace}/{name}",
            next_step=f"ensure_deployment(world, {name!r}, service_account=…)",
        )
    deployment = _watch(deployments, _is_observed, deadline, namespace=namespace, name=name)
    if deployment is None:
        raise IrsaLabError(
            f"Deployment {namespace}/{name} was not rolled out in time",
            next_step=f"kubectl get deployments -n {namespace}",
        )
    return deployment


def _is_observed(deployment: Any) -> bool:
    seen = deployment.status.observedGeneration if deployment.status else None
    return bool((seen or 0) >= deployment.metadata.generation)


def _newest_pods(world: World, deployment: ResourceInstance, namespace: str) -> str:
    """The label selector of the Pods of the Deployment's newest ReplicaSet."""
    labels = _selector(deployment.spec.selector.matchLabels or {})
    replica_sets = world.resource("apps/v1", "ReplicaSet")
    sets = replica_sets.get(namespace=namespace, label_selector=labels)
    owned = [s for s in sets.items if _owner(s) == deployment.metadata.uid]
    newest = max(owned, key=_revision)
    return _selector(newest.spec.selector.matchLabels)


def _revision(replica_set: Any) -> int:
    return int((replica_set.metadata.annotations or {}).get(REVISION, 0))


def _owner(owned: Any) -> str | None:
    references = owned.metadata.ownerReferences or []
    return next((r.uid for r in references if r.controller), None)


def _selector(labels: Any) -> str:
    return ",".join(f"{key}={value}" for key, value in dict(labels).items())


def _watch(
    resource: Resource,
    accept: Callable[[Any], bool],
    deadline: float,
    **selection: str,
) -> ResourceInstance | None:
    """The first object selected that is as wanted, watching for changes until the deadline.

    A watch ends by itself now and then; then it is begun again.
    """
    while (left := deadline - time.monotonic()) > 0:
        for event in resource.watch(timeout=max(1, round(left)), **selection):
            seen: ResourceInstance = event["object"]
            if event["type"] in {"ADDED", "MODIFIED"} and accept(seen):
                return seen
    return None


def _is_ready(pod: Any) -> bool:
    """Whether a Pod is ready to work; raises IrsaLabError where it never will be."""
    if pod.metadata.deletionTimestamp or not pod.status:
        return False
    if trouble := _trouble(pod):
        raise IrsaLabError(
            f"Pod {pod.metadata.name}: {trouble.reason}: {trouble.message or 'no message'}",
            next_step=HOPELESS[trouble.reason],
        )
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or [])


def _trouble(pod: Any) -> Any | None:
    """The state of a container that waits for something that will not come by itself."""
    status = pod.status
    containers = [*(status.initContainerStatuses or []), *(status.containerStatuses or [])]
    waiting = [c.state.waiting for c in containers if c.state and c.state.waiting]
    return next((w for w in waiting if w.reason in HOPELESS), None)


def _no_pod(
    world: World, deployment: str, namespace: str, selector: str, timeout_seconds: float
) -> IrsaLabError:
    """Why no Pod is ready: what the Deployment's conditions and the Pods' phases say."""
    body: Any = world.resource("apps/v1", "Deployment").get(name=deployment, namespace=namespace)
    conditions = body.status.conditions or []
    said = [c.message for c in conditions if c.type == "ReplicaFailure" and c.status == "True"]
    pods: Any = world.resource("v1", "Pod").get(namespace=namespace, label_selector=selector)
    said += [f"Pod {p.metadata.name} is {p.status.phase}" for p in pods.items]
    return IrsaLabError(
        f"no Pod of Deployment {namespace}/{deployment} was ready within {timeout_seconds} s: "
        f"{'; '.join(said) or 'none was made'}",
        next_step=f"kubectl describe deployment {deployment} -n {namespace}",
    )
