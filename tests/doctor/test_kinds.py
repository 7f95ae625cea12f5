"""The doctor reads every kind of workload: what it runs, and what its Pods have said."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers import oidc, roles, storage
from irsa_helpers.doctor import doctor
from irsa_helpers.doctor.evidence import workload_pods
from irsa_helpers.doctor.fixes.shell import patch_template, restart_command
from irsa_helpers.serviceaccounts import ROLE_ARN, ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds.sandbox import SandboxWorld

LABELS = {"app": "app"}
ONCE = ["sh", "-c", "echo 'An error occurred (AccessDenied) when calling …'"]


def template(command: list[str], restart: str) -> dict[str, Any]:
    container = {"name": "c", "image": "busybox", "command": command}
    spec = {"serviceAccountName": "app", "restartPolicy": restart, "containers": [container]}
    return {"metadata": {"labels": LABELS}, "spec": spec}


def manifest(kind: str) -> dict[str, Any]:
    """A workload `app` of that kind, which runs as the ServiceAccount `app`."""
    metadata, once = {"name": "app"}, template(ONCE, "Never")
    if kind == "Job":
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata,
                "spec": {"template": once}}  # fmt: skip
    if kind == "CronJob":
        spec = {"schedule": "@yearly", "jobTemplate": {"spec": {"template": once}}}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": spec}
    always = template(["sleep", "600"], "Always")
    spec = {"selector": {"matchLabels": LABELS}, "template": always}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}


@pytest.fixture
def role_arn(world: SandboxWorld, namespace: str) -> Iterator[str]:
    """A role that the ServiceAccount `app` may become, with something that it may do."""
    oidc.ensure_provider(world)
    name = f"{namespace}-role"
    trust = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    bucket = f"{namespace}-data"
    storage.ensure_bucket(world, bucket)
    policies = {"read": roles.build_bucket_read_policy(bucket)}
    roles.ensure_role(world, name, trust, permission_policies=policies)
    yield roles.role_arn(world, name)
    roles.ensure_no_role(world, name)
    storage.ensure_no_bucket(world, bucket)


@pytest.fixture
def run(shell: Any, namespace: str) -> Any:
    """A workload of a kind runs, or has run."""

    def start(kind: str) -> None:
        kubectl = ("kubectl", "-n", namespace)
        shell(*kubectl, "apply", "-f", "-", input=json.dumps(manifest(kind)))
        if kind == "CronJob":
            shell(*kubectl, "create", "job", "app-1", "--from=cronjob/app")
        if kind in {"Job", "CronJob"}:
            job = "app-1" if kind == "CronJob" else "app"
            shell(*kubectl, "wait", f"job/{job}", "--for=condition=Complete", "--timeout=20s")
        else:
            shell(*kubectl, "rollout", "status", f"{kind}/app", "--timeout=20s")

    return start


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet", "Job", "CronJob"])
def test_a_pod_that_is_older_than_the_annotation_is_found(
    world: SandboxWorld, namespace: str, role_arn: str, run: Any, kind: str
) -> None:
    ensure_service_account(world, "app", namespace=namespace)
    run(kind)
    annotations = {ROLE_ARN: role_arn}
    ensure_service_account(world, "app", namespace=namespace, annotations=annotations)
    found = doctor(world, f"{kind.lower()}/app", namespace=namespace)
    assert found["pods"].state == "ok"
    assert found["injection"].state == "broken", str(found)


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet", "Job", "CronJob"])
def test_a_healthy_chain_is_left_in_peace_and_the_log_of_a_job_is_read(
    world: SandboxWorld, namespace: str, role_arn: str, run: Any, kind: str
) -> None:
    ensure_service_account(world, "app", namespace=namespace, annotations={ROLE_ARN: role_arn})
    run(kind)
    found = doctor(world, f"{kind.lower()}/app", namespace=namespace)
    assert not [link for link in found.links if link.state == "broken"], str(found)
    ends = kind in {"Job", "CronJob"}
    assert found["app-log"].state == ("risk" if ends else "ok"), str(found)


@pytest.mark.parametrize(
    ("owner", "again", "patched"),
    [
        (
            "daemonset/app",
            "kubectl rollout restart daemonset app -n shop",
            'kubectl patch daemonset app -n shop -p \'{"spec": {"template": {"a": 1}}}\'',
        ),
        (
            "cronjob/app",
            "kubectl create job app-again --from=cronjob/app -n shop",
            "kubectl patch cronjob app -n shop -p "
            '\'{"spec": {"jobTemplate": {"spec": {"template": {"a": 1}}}}}\'',
        ),
        (
            "job/app",
            "# then make its Pods anew: the webhook acts when a Pod is made",
            '# in the Job\'s manifest, then make it anew: {"a": 1}',
        ),
    ],
)
def test_the_way_to_new_pods_is_that_of_the_kind(owner: str, again: str, patched: str) -> None:
    case: Any = SimpleNamespace(owner=owner, namespace="shop", is_account=False)
    assert restart_command(case) == again
    assert patch_template(case, a=1) == patched


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet"])
def test_a_rollout_that_has_just_begun_is_waited_for(
    world: SandboxWorld, namespace: str, role_arn: str, run: Any, shell: Any, kind: str
) -> None:
    ensure_service_account(world, "app", namespace=namespace)
    run(kind)
    ensure_service_account(world, "app", namespace=namespace, annotations={ROLE_ARN: role_arn})
    shell("kubectl", "-n", namespace, "rollout", "restart", f"{kind}/app")
    found = doctor(world, f"{kind.lower()}/app", namespace=namespace)
    assert found["injection"].state == "ok", str(found)


def test_a_set_that_waits_for_deletions_is_not_waited_for(
    world: SandboxWorld,
    namespace: str,
    role_arn: str,
    run: Any,
    shell: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workload_pods, "SETTLE_SECONDS", 60)
    ensure_service_account(world, "app", namespace=namespace)
    run("StatefulSet")
    ensure_service_account(world, "app", namespace=namespace, annotations={ROLE_ARN: role_arn})
    patch = '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}'
    kubectl = ("kubectl", "-n", namespace)
    shell(*kubectl, "patch", "sts", "app", "--type=merge", "-p", patch)
    shell(*kubectl, "rollout", "restart", "sts/app")
    started = time.monotonic()
    found = doctor(world, "statefulset/app", namespace=namespace)
    assert time.monotonic() - started < 30
    assert found["injection"].state == "broken", str(found)
