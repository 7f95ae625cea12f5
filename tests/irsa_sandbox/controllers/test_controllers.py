"""Jobs, namespaces, owners and the scheduler, seen through the API of a running sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kubernetes.client import BatchV1Api

from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import apps_v1, core_v1
from tests.watching import until


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
    pods = core_v1(world).list_namespaced_pod(namespace, label_selector=selector).items
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
        core_v1(world).list_namespaced_event, namespace, lambda _, e: e.reason == "NotImplemented"
    )
    assert "completionMode Indexed" in event.message


@pytest.mark.parametrize(
    ("kind", "name"), [("service_account", "default"), ("config_map", "kube-root-ca.crt")]
)
def test_what_every_namespace_has_comes_back(
    world: SandboxWorld, namespace: str, kind: str, name: str
) -> None:
    core = core_v1(world)
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
    core = core_v1(world)
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
    until(core_v1(world).list_namespaced_service_account, namespace, lambda *_: True)
    core_v1(world).create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": spec})
    event = until(
        core_v1(world).list_namespaced_event, namespace, lambda _, e: e.reason == "FailedScheduling"
    )
    assert "0/1 nodes are available: 1 node(s) didn't match" in event.message
    assert core_v1(world).read_namespaced_pod("p", namespace).status.phase == "Pending"


def test_a_job_says_why_it_has_no_pods(batch: Any, world: SandboxWorld, namespace: str) -> None:
    container = {"name": "c", "image": "busybox"}
    spec = {"serviceAccountName": "nobody", "restartPolicy": "Never", "containers": [container]}
    body = {"metadata": {"name": "j"}, "spec": {"template": {"spec": spec}}}
    batch.create_namespaced_job(namespace, body)
    listing = core_v1(world).list_namespaced_event
    event = until(listing, namespace, lambda _, each: each.reason == "FailedCreate")
    assert event.message.startswith('Error creating: pods "j-')
    assert 'serviceaccount "nobody" not found' in event.message


def test_a_replica_set_lets_go_of_a_pod_that_it_does_not_select(
    world: SandboxWorld, namespace: str
) -> None:
    core, labels = core_v1(world), {"app": "web"}
    container = {"name": "c", "image": "pause"}
    free = {"metadata": {"name": "free", "labels": labels}, "spec": {"containers": [container]}}
    core.create_namespaced_pod(namespace, free)
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    apps_v1(world).create_namespaced_replica_set(
        namespace, {"metadata": {"name": "r"}, "spec": spec}
    )
    listing = core.list_namespaced_pod
    until(listing, namespace, lambda _, pod: bool(pod.metadata.owner_references))
    assert len(listing(namespace).items) == 1, "the Pod that was there is adopted"
    core.patch_namespaced_pod("free", namespace, {"metadata": {"labels": {"app": "alone"}}})
    until(listing, namespace, lambda _, pod: pod.metadata.name.startswith("r-"))
    assert not core.read_namespaced_pod("free", namespace).metadata.owner_references


def test_a_pod_of_a_node_that_is_not_there_can_be_deleted(
    world: SandboxWorld, namespace: str
) -> None:
    spec = {"nodeName": "elsewhere", "containers": [{"name": "c", "image": "pause"}]}
    core = core_v1(world)
    made = core.create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": spec})
    core.delete_namespaced_pod("p", namespace)
    since = made.metadata.resource_version
    until(core.list_namespaced_pod, namespace, lambda k, _: k == "DELETED", resource_version=since)


def test_a_pod_counts_when_it_has_been_ready_for_long_enough(
    world: SandboxWorld, namespace: str
) -> None:
    container, labels = {"name": "c", "image": "pause"}, {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"minReadySeconds": 500, "selector": {"matchLabels": labels}, "template": template}
    apps = apps_v1(world)
    apps.create_namespaced_deployment(namespace, {"metadata": {"name": "d"}, "spec": spec})
    listing = apps.list_namespaced_deployment
    ready = until(listing, namespace, lambda _, each: each.status.ready_replicas == 1)
    assert not ready.status.available_replicas
    apps.patch_namespaced_deployment("d", namespace, {"spec": {"minReadySeconds": 0}})
    until(listing, namespace, lambda _, each: each.status.available_replicas == 1)


def test_a_token_secret_is_filled_and_goes_with_its_service_account(
    world: SandboxWorld, namespace: str
) -> None:
    core: Any = core_v1(world)
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "old"}})

    def made(name: str) -> Any:
        annotations = {"kubernetes.io/service-account.name": name}
        metadata = {"generateName": f"{name}-", "annotations": annotations}
        body = {"metadata": metadata, "type": "kubernetes.io/service-account-token"}
        return core.create_namespaced_secret(namespace, body)

    def then(secret: Any, done: Callable[[str, Any], bool]) -> Any:
        metadata = secret.metadata
        since = {"resource_version": metadata.resource_version}
        selector = f"metadata.name={metadata.name}"
        return until(core.list_namespaced_secret, namespace, done, field_selector=selector, **since)

    then(made("ghost"), lambda event, _: event == "DELETED")
    filled = then(made("old"), lambda _, secret: bool(secret.data))
    assert sorted(filled.data) == ["ca.crt", "namespace", "token"]
    assert "kubernetes.io/service-account.uid" in filled.metadata.annotations
    core.delete_namespaced_service_account("old", namespace)
    then(filled, lambda event, _: event == "DELETED")


def deployment(name: str, *, volume_at: str | None = None, account: str = "default") -> Any:
    """A Deployment of one Pod that sleeps, with a volume of its own where that is wanted."""
    labels = {"app": name}
    container: dict[str, Any] = {"name": "c", "image": "busybox", "command": ["sleep", "60"]}
    pod: dict[str, Any] = {"serviceAccountName": account, "containers": [container]}
    if volume_at:
        container["volumeMounts"] = [{"name": "own", "mountPath": volume_at}]
        pod["volumes"] = [{"name": "own", "emptyDir": {}}]
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def test_pods_that_are_refused_for_ever_are_few_events_and_stop_no_other(
    world: SandboxWorld, namespace: str
) -> None:
    core, apps = core_v1(world), apps_v1(world)
    until(core.list_namespaced_service_account, namespace, lambda *_: True)
    annotations = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/app"}
    account = {"metadata": {"name": "app", "annotations": annotations}}
    core.create_namespaced_service_account(namespace, account)
    taken = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
    refused = deployment("refused", volume_at=taken, account="app")
    apps.create_namespaced_deployment(namespace, refused)

    def is_combined(_: str, event: Any) -> bool:
        return event.reason == "FailedCreate" and event.message.startswith("(combined from")

    until(core.list_namespaced_event, namespace, is_combined)
    apps.create_namespaced_deployment(namespace, deployment("other"))
    until(core.list_namespaced_pod, namespace, lambda _, p: p.metadata.name.startswith("other-"))
    listed = core.list_namespaced_event(namespace).items
    failed = [each for each in listed if each.reason == "FailedCreate"]
    assert len(failed) == 10, "nine apart, and one for all others"
    assert sum(each.count for each in failed) < 20, "each try waits twice as long as the last"
