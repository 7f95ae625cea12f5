"""Policies at their worst: wildcards, and a cluster's whole overview.

Figures of several rounds stand as least / median / most.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

from kubernetes.client import CoreV1Api

from benchmarks.measure import RUNS, sandbox, spread
from irsa_helpers import oidc
from irsa_helpers.doctor import overview
from irsa_helpers.policy.match import glob
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds.sandbox import SandboxWorld

TEXT = "a" * 1_000
# Each fits almost: what an engine that tries again would do again and again.
PATTERNS = {
    "a*, 50 times, b": "a*" * 50 + "b",
    "*?, 50 times, b": "*?" * 50 + "b",
    "a*, 500 times, b": "a*" * 500 + "b",
    "*, 500 a, b*c": "*" + "a" * 500 + "b*c",
    "*, 500 ?, b*c": "*" + "?" * 500 + "b*c",
    "*, 500 a, b": "*" + "a" * 500 + "b",
    "*, 250 times ?a, b*": "*" + "?a" * 250 + "b*",
}
ACCOUNTS, ROLES, WIDE_EVERY = 1_000, 200, 10
ROUNDS = 3


def seconds_to_match(pattern: str) -> float:
    """A pattern that was read before, case not counted, against the text."""
    compiled = glob(pattern, ignore_case=True)
    begun = time.perf_counter()
    assert compiled.fullmatch(TEXT) is None
    return time.perf_counter() - begun


def seconds_to_read(pattern: str) -> float:
    """A pattern that was not read before; it is read once."""
    glob.cache_clear()
    re.purge()
    begun = time.perf_counter()
    glob(pattern, ignore_case=True)
    return time.perf_counter() - begun


def wildcards() -> Iterator[tuple[str, str]]:
    """The worst of some patterns."""
    for what, measure in {"matched": seconds_to_match, "read, once": seconds_to_read}.items():
        taken = {
            name: [measure(pattern) * 1000 for _ in range(RUNS)]
            for name, pattern in PATTERNS.items()
        }
        worst = max(taken, key=lambda name: min(taken[name]))
        text = f"against {len(TEXT):,} characters" if what == "matched" else ""
        yield f"worst pattern ({worst}) {what} {text}".strip(), spread(taken[worst], "ms")


def fill(world: SandboxWorld) -> None:
    """ServiceAccounts, and roles that each admit one of them or, some, a whole namespace."""
    core, iam = CoreV1Api(world.kubernetes), world.aws("iam")
    oidc.ensure_provider(world)
    provider = oidc.provider_arn(world)
    subject = f"{oidc.issuer_host_path(oidc.issuer_url(world))}:sub"
    for number in range(ACCOUNTS):
        core.create_namespaced_service_account("default", {"metadata": {"name": f"app-{number}"}})
    for number in range(ROLES):
        policy = build_trust_policy(provider, "default", f"app-{number}")
        if number % WIDE_EVERY == 0:
            del policy["Statement"][0]["Condition"]["StringEquals"][subject]
            like = {subject: f"system:serviceaccount:default:app-{number}*"}
            policy["Statement"][0]["Condition"]["StringLike"] = like
        iam.create_role(RoleName=f"r-{number}", AssumeRolePolicyDocument=json.dumps(policy))


def seconds_to_see_all(world: SandboxWorld) -> float:
    """`irsa-lab doctor` of the whole cluster, reading and text and all."""
    begun = time.perf_counter()
    found = overview(world)
    assert len({access.role_arn for access in found.accesses}) >= ROLES
    assert str(found)
    return time.perf_counter() - begun


def report() -> Iterator[tuple[str, str]]:
    """Wildcards, then the overview."""
    yield from wildcards()
    with sandbox() as (world, _):
        fill(world)
        taken = [seconds_to_see_all(world) for _ in range(ROUNDS)]
    yield f"overview of {ACCOUNTS:,} ServiceAccounts x {ROLES} roles", spread(taken, "s")
