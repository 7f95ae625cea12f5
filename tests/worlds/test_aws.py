"""The world of a real account: your own settings and kubeconfig lead it, and it plans first.

No real account is to be had here: the settings lead to the sandbox, whose AWS and Kubernetes API
the world takes for real ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from irsa_helpers import oidc, pods, roles, serviceaccounts, trust
from irsa_helpers.doctor import doctor
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs import engine
from irsa_helpers.labs.model import find_lab
from irsa_helpers.labs.progress import Progress
from irsa_helpers.worlds import environment
from irsa_helpers.worlds.aws import AwsWorld

ROLE = "role-of-a-real-world"
ACCOUNT = "careful-sa"


@pytest.fixture
def real(sandbox: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> AwsWorld:
    for name, value in environment.sandbox_environment(sandbox).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return AwsWorld("enginrect-cluster", "ap-northeast-2")


@pytest.fixture
def role(real: AwsWorld) -> Iterator[str]:
    oidc.ensure_no_provider(real, approve=True)
    yield ROLE
    roles.ensure_no_role(real, ROLE, approve=True)
    oidc.ensure_no_provider(real, approve=True)


def steps(world: AwsWorld, namespace: str, *, approve: bool) -> list[Any]:
    """The four steps of IRSA for one app of that namespace."""
    policy = trust.build_trust_policy(oidc.provider_arn(world), namespace, ACCOUNT)
    arn = roles.role_arn(world, ROLE)
    return [
        oidc.ensure_provider(world, thumbprints=(), approve=approve),
        roles.ensure_role(world, ROLE, policy, approve=approve),
        serviceaccounts.ensure_service_account(
            world, ACCOUNT, namespace=namespace, role_arn=arn, approve=approve
        ),
        pods.ensure_deployment(
            world, "app", service_account=ACCOUNT, namespace=namespace, approve=approve
        ),
    ]


def test_nothing_is_made_before_approval_and_irsa_works_after(
    real: AwsWorld, role: str, namespace: str
) -> None:
    assert all(step.pending for step in steps(real, namespace, approve=False))
    assert roles.describe_role(real, role) is None
    assert all(step.applied for step in steps(real, namespace, approve=True))
    assert all(step.action == "none" for step in steps(real, namespace, approve=True))
    pods.wait_for_pod(real, "app", namespace=namespace)
    assert f"/{role}/" in pods.caller_in_pod(real, "app", namespace=namespace)
    problems = doctor(real, "deployment/app", namespace=namespace).problems
    assert [link.name for link in problems] == ["permissions"], "the role has no policy yet"


def test_no_kubeconfig_or_another_clusters_is_refused(
    real: AwsWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = "aws eks update-kubeconfig --name enginrect-cluster"
    other = tmp_path / "kubeconfig"
    mine = Path(os.environ["KUBECONFIG"]).read_text()
    monkeypatch.setenv("KUBECONFIG", str(other))
    with pytest.raises(IrsaLabError, match=update):
        _ = real.kubernetes
    other.write_text(mine.replace(real.cluster.endpoint, "https://127.0.0.1:1"))
    with pytest.raises(IrsaLabError, match=update):
        _ = real.kubernetes


def test_what_only_the_sandbox_can_do_says_so(real: AwsWorld) -> None:
    for attempt in (real.trace, real.rotate_signing_key, lambda: real.advance_clock(60)):
        with pytest.raises(IrsaLabError):
            attempt()


def test_a_lab_breaks_no_real_account_approved_or_not(
    sandbox: dict[str, Any], tmp_path: Path
) -> None:
    approved = AwsWorld(sandbox["cluster"], sandbox["region"], approve=True)
    with pytest.raises(IrsaLabError, match="real account"):
        engine.start(approved, find_lab("01"), Progress(tmp_path / "progress"))
