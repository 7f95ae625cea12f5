"""Jobs, namespaces, owners and the scheduler, seen through the API of a running sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kubernetes.client import BatchV1Api
from kubernetes.watch import Watch

from irsa_helpers.world_sandbox import SandboxWorld

SECONDS = 20


def until(
    listing: Callable[..., Any],
    namespace: str,
    done: Callable[[str, Any], bool],
    **options: Any,
) -> Any:
    """The first object whose (event type, object) passes; a watch brings each change."""
    for event in Watch().stream(listing, namespace, timeout_seconds=SECONDS, **options):
        if done(event["type"], event["object"]):
            return event["object"]
    raise AssertionError(f"{SECONDS} s went by")


@pytest.fixture
def batch(world: SandboxWorld) -> Any:
    return BatchV1Api(world.kubernetes)


@pytest.fixture
def run_job(batch: Any, namespace: str) -> Callable[..., Any]:
    """Create a Job of one shell script and return it as it ended."""

    def run(script: str, restart: str = "Never", **spec: Any) -> Any:
        container = {"name": "c", "image": "busybox", "command": ["sh", "-c", script]}
        template = {"spec": {"restartPolicy": restart, "containers": [container]}}
        body = {"metadata": {"generateName": "job-"}, "spec": {"template": template, **spec}}
        name = batch.create_namespaced_job(namespace, body).metadata.name

        def ended(_: str, job: Any) -> bool:
            kinds = {each.type for each in (job.status and job.status.conditions) or ()}
            return job.metadata.name == name and bool(kinds & {"Complete", "Failed"})

        return until(batch.list_namespaced_job, namespace, ended)

    return run


def ended_as(job: Any) -> tuple[str, str]:
    last = job.status.conditions[-1]
    return last.type, last.reason


def test_a_job_ends_when_enough_of_its_pods_have_succeeded(
    run_job: Callable[..., Any], world: SandboxWorld, namespace: str
) -> None:
    job = run_job("true", completions=3, parallelism=2)
    assert ended_as(job) == ("Complete", "CompletionsReached")
    assert (job.status.succeeded, job.status.active) == (3, None)
    selector = f"batch.kubernetes.io/job-name={job.metadata.name}"
    pods = world.core_v1.list_namespaced_pod(namespace, label_selector=selector).items
    assert len(pods) == 3
    assert {pod.metadata.owner_references[0].uid for pod in pods} == {job.metadata.uid}


def test_a_job_fails_after_its_back_off_limit(run_job: Callable[..., Any]) -> None:
    job = run_job("exit 1", backoffLimit=1)
    assert ended_as(job) == ("Failed", "BackoffLimitExceeded")
    assert job.status.failed == 2


def test_a_job_fails_after_its_deadline(run_job: Callable[..., Any]) -> None:
    job = run_job("sleep 60", activeDeadlineSeconds=1)
    assert ended_as(job) == ("Failed", "DeadlineExceeded")


def test_what_the_sandbox_lacks_of_jobs_is_said(
    batch: Any, world: SandboxWorld, namespace: str
) -> None:
    container = {"name": "c", "image": "busybox"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    spec = {"completionMode": "Indexed", "template": template}
    batch.create_namespaced_job(namespace, {"metadata": {"name": "j"}, "spec": spec})
    event = until(
        world.core_v1.list_namespaced_event, namespace, lambda _, e: e.reason == "NotImplemented"
    )
    assert "completionMode Indexed" in event.message


@pytest.mark.parametrize(
    ("kind", "name"), [("service_account", "default"), ("config_map", "kube-root-ca.crt")]
)
def test_what_every_namespace_has_comes_back(
    world: SandboxWorld, namespace: str, kind: str, name: str
) -> None:
    core = world.core_v1
    listing = getattr(core, f"list_namespaced_{kind}")
    first = until(listing, namespace, lambda _, found: found.metadata.name == name)
    getattr(core, f"delete_namespaced_{kind}")(name, namespace)
    again = until(listing, namespace, lambda _, f: f.metadata.uid != first.metadata.uid)
    assert again.metadata.name == name


@pytest.mark.parametrize(
    ("policy", "last_to_go"),
    [("Background", "dependent"), ("Foreground", "owner"), ("Orphan", "owner")],
)
def test_dependents_go_with_their_owner_or_stay_as_orphans(
    world: SandboxWorld, namespace: str, policy: str, last_to_go: str
) -> None:
    core = world.core_v1
    owner = core.create_namespaced_config_map(namespace, {"metadata": {"name": "owner"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
    metadata = {"name": "dependent", "ownerReferences": [reference | {"uid": owner.metadata.uid}]}
    made = core.create_namespaced_config_map(namespace, {"metadata": metadata})
    core.delete_namespaced_config_map("owner", namespace, propagation_policy=policy)
    until(
        core.list_namespaced_config_map,
        namespace,
        lambda kind, body: kind == "DELETED" and body.metadata.name == last_to_go,
        resource_version=made.metadata.resource_version,
    )
    left = {each.metadata.name: each for each in core.list_namespaced_config_map(namespace).items}
    assert "owner" not in left
    assert ("dependent" in left) == (policy == "Orphan")
    assert not any(each.metadata.owner_references for each in left.values())


def test_a_pod_that_fits_no_node_waits_and_says_why(world: SandboxWorld, namespace: str) -> None:
    spec = {
        "nodeSelector": {"disk": "ssd"},
        "containers": [{"name": "c", "image": "busybox"}],
    }
    until(world.core_v1.list_namespaced_service_account, namespace, lambda *_: True)
    world.core_v1.create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": spec})
    event = until(
        world.core_v1.list_namespaced_event, namespace, lambda _, e: e.reason == "FailedScheduling"
    )
    assert "0/1 nodes are available: 1 node(s) didn't match" in event.message
    assert world.core_v1.read_namespaced_pod("p", namespace).status.phase == "Pending"
