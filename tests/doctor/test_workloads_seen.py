"""Workloads as they were met in the wild, run in the sandbox: the doctor is right about each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers import oidc, pods, roles, storage
from irsa_helpers.doctor import Diagnosis, doctor
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World

DATA = Path(__file__).parent / "data"


@pytest.fixture
def role(world: World, namespace: str) -> Iterator[str]:
    """The name of a role that the namespace's ServiceAccount `app` asks for, and may become."""
    name, bucket = f"{namespace}-role", f"{namespace}-data"
    oidc.ensure_provider(world)
    storage.ensure_bucket(world, bucket)
    read = roles.build_bucket_read_policy(bucket)
    roles.ensure_role(world, name, admitting(world, namespace), permission_policies={"read": read})
    arn = roles.role_arn(world, name)
    ensure_service_account(world, "app", namespace=namespace, role_arn=arn)
    yield name
    roles.ensure_no_role(world, name)
    storage.ensure_no_bucket(world, bucket)


def admitting(world: World, namespace: str, **condition: Any) -> dict[str, Any]:
    policy = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    for operator, block in condition.items():
        policy["Statement"][0]["Condition"].setdefault(operator, {}).update(block)
    return policy


@pytest.fixture
def run(world: World, namespace: str, shell: Any) -> Any:
    """Apply a file, with texts replaced, and wait for its Pod."""

    def start(file: str, wait: bool = True, **replaced: str) -> None:
        text = (DATA / f"{file}.yaml").read_text("utf-8")
        for old, new in replaced.items():
            text = text.replace(old.replace("_", "-"), new)
        shell("kubectl", "apply", "-n", namespace, "-f", "-", input=text)
        if wait:
            pods.wait_for_pod(world, "app", namespace=namespace)

    return start


def diagnose(world: World, namespace: str) -> Diagnosis:
    return doctor(world, "deployment/app", namespace=namespace)


def test_empty_optional_and_half_keys_are_no_keys(
    world: World, namespace: str, role: str, run: Any
) -> None:
    run("empty-keys")
    found = diagnose(world, namespace)
    assert found.summary == "every link holds", str(found)


def test_a_crash_loop_leads_to_the_refusal_inside(
    world: World, namespace: str, role: str, run: Any
) -> None:
    run("crash-loop", wait=False)
    pods_api = world.resource("v1", "Pod")
    for event in pods_api.watch(namespace=namespace, timeout=150):
        statuses = event["raw_object"].get("status", {}).get("containerStatuses", [])
        if any("waiting" in each["state"] and each.get("restartCount") for each in statuses):
            break
    else:
        pytest.fail("the container was not started again")
    found = diagnose(world, namespace)
    assert found.problems, str(found)
    [link] = found.problems  # `pods` while it waits to be started again, `app-log` while it runs
    assert link.name in {"pods", "app-log"}, str(found)
    assert "(AccessDenied) when calling the PutObject operation" in link.found


def test_a_volume_of_the_webhooks_name_is_named(
    world: World, namespace: str, role: str, run: Any
) -> None:
    run("own-volume")
    assert "rename the volume aws-iam-token" in diagnose(world, namespace)["injection"].fix


PRESENT = "2030-01-01T00:00:00Z"


def test_a_trust_policy_may_ask_for_what_every_call_has(
    world: World, namespace: str, role: str, run: Any
) -> None:
    run("session")
    iam = world.aws("iam")
    for condition in (
        {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:RequestedRegion": world.region}},
        {"DateLessThan": {"aws:CurrentTime": PRESENT}},
        {"StringLike": {"sts:RoleSessionName": "app-*"}},
    ):
        policy = admitting(world, namespace, **condition)
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(policy))
        found = diagnose(world, namespace)
        assert found.summary == "every link holds", f"{condition}: {found}"


def test_what_the_sandboxs_sts_refuses_for_its_place_is_not_every_link_holds(
    world: World, namespace: str, role: str, run: Any
) -> None:
    run("session")
    policy = admitting(world, namespace, StringEquals={"aws:SourceVpce": "vpce-1"})
    world.aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(policy))
    link = diagnose(world, namespace)["trust-policy"]
    assert "asks for aws:SourceVpce" in link.found


def test_the_profiles_of_a_mounted_file_are_followed(
    world: World, namespace: str, role: str, run: Any, shell: Any
) -> None:
    target, arn = f"{namespace}-target", roles.role_arn(world, f"{namespace}-target")
    mine = roles.role_arn(world, role)
    statement = {"Effect": "Allow", "Principal": {"AWS": mine}, "Action": "sts:AssumeRole"}
    roles.ensure_role(world, target, {"Version": "2012-10-17", "Statement": [statement]})
    try:
        run("profiles", app_role=role, target_role=target)
        profile = ("aws", "sts", "get-caller-identity", "--profile", "target")
        said = shell("kubectl", "exec", "-n", namespace, "deploy/app", "--", *profile)
        assert f"assumed-role/{target}/hop" in said.stdout
        assert diagnose(world, namespace)["profiles"].state == "ok"

        statement["Principal"] = {"AWS": "arn:aws:iam::111122223333:root"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        world.aws("iam").update_assume_role_policy(
            RoleName=target, PolicyDocument=json.dumps(policy)
        )
        link = diagnose(world, namespace)["profiles"]
        assert f"profile target: {mine} may not assume {arn}" in link.found
    finally:
        roles.ensure_no_role(world, target)
