"""The doctor's look at a whole cluster: every workload's chain, against every role.

Figures of several rounds stand as least / median / most.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from benchmarks.measure import sandbox, spread
from irsa_helpers import oidc, roles, storage, trust
from irsa_helpers.doctor import survey
from irsa_helpers.serviceaccounts import ROLE_ARN
from irsa_helpers.worlds.sandbox import SandboxWorld

WORKLOADS, ROLES, BUCKETS = 500, 200, 20
NAMESPACES = 10
ROUNDS = 3
PATIENCE = 300.0


def place_of(number: int) -> tuple[str, str]:
    """(namespace, name) of a workload and of its ServiceAccount."""
    return f"team-{number % NAMESPACES}", f"app-{number}"


def deployment(name: str) -> dict[str, Any]:
    """A Deployment whose Pod waits for a node: its chain is whole, and nothing runs."""
    labels = {"app": name}
    spec = {
        "serviceAccountName": name,
        "nodeSelector": {"no": "node"},
        "containers": [{"name": "app", "image": "busybox"}],
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def fill(world: SandboxWorld) -> None:
    """Namespaces, buckets, roles that each admit the workloads that ask for them; all is well."""
    oidc.ensure_provider(world)
    for number in range(NAMESPACES):
        world.resource("v1", "Namespace").create(body={"metadata": {"name": f"team-{number}"}})
    for number in range(BUCKETS):
        storage.ensure_bucket(world, f"data-{number}")
    for number in range(ROLES):
        _make_role(world, number)
    accounts, deployments = (
        world.resource("v1", "ServiceAccount"),
        world.resource("apps/v1", "Deployment"),
    )

    def make(number: int) -> None:
        namespace, name = place_of(number)
        annotations = {ROLE_ARN: roles.role_arn(world, f"role-{number % ROLES}")}
        body = {"metadata": {"name": name, "annotations": annotations}}
        accounts.create(namespace=namespace, body=body)
        deployments.create(namespace=namespace, body=deployment(name))

    with ThreadPoolExecutor(4) as several:
        list(several.map(make, range(WORKLOADS)))
    wait_for_pods(world)


def wait_for_pods(world: SandboxWorld) -> None:
    """Every workload has its Pod."""
    pods, deadline = world.resource("v1", "Pod"), time.monotonic() + PATIENCE
    while len(pods.get().items) < WORKLOADS:
        assert time.monotonic() < deadline, f"no {WORKLOADS} Pods in {PATIENCE} s"
        time.sleep(1)


def _make_role(world: SandboxWorld, number: int) -> None:
    """A role with a policy for one bucket, and a statement for each workload that asks for it."""
    provider = oidc.provider_arn(world)
    statements = [
        trust.build_trust_policy(provider, *place_of(asking))["Statement"][0]
        for asking in range(number, WORKLOADS, ROLES)
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    read = json.dumps(roles.build_bucket_read_policy(f"data-{number % BUCKETS}"))
    iam = world.aws("iam")
    iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=policy)
    iam.put_role_policy(RoleName=f"role-{number}", PolicyName="read", PolicyDocument=read)


def seconds_to_see_all(world: SandboxWorld) -> tuple[float, float]:
    """`irsa-lab doctor`: the seconds that it takes, and the processors' time of both sides."""
    process = psutil.Process(world.sandbox["pid"])
    begun, used = time.perf_counter(), _used(process)
    found = survey(world)
    assert str(found)
    taken = time.perf_counter() - begun, _used(process) - used
    assert found.workloads == WORKLOADS, found.workloads
    assert found.ok, str(found)[:2000]
    return taken


def _used(sandbox_process: psutil.Process) -> float:
    times = sandbox_process.cpu_times()
    return time.process_time() + float(times.user + times.system)


def report() -> Iterator[tuple[str, str]]:
    """Every workload of a cluster against every role of its account."""
    with sandbox() as (world, _):
        fill(world)
        rounds = [seconds_to_see_all(world) for _ in range(ROUNDS)]
    title = f"doctor of {WORKLOADS} workloads x {ROLES} roles"
    yield title, spread([seconds for seconds, _ in rounds], "s")
    yield f"{title}, processors' time", spread([used for _, used in rounds], "s")
