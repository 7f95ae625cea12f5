"""The sandbox's time goes forward only, and to no moment that nobody can name."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from irsa_helpers import oidc
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.clock import Clock

WRONG = [1e300, math.nan, math.inf, -1, "3600", None, True, 300_000_000_000]


@pytest.mark.parametrize("seconds", WRONG)
def test_a_time_that_leads_nowhere_is_not_kept(seconds: Any) -> None:
    clock = Clock(10)
    with pytest.raises(ValueError, match="expected a number such as 3600"):
        clock.advance(seconds)
    assert clock.offset_seconds == 10


def test_many_steps_do_not_lead_nowhere_either() -> None:
    clock = Clock()
    clock.advance(200_000_000_000)
    with pytest.raises(ValueError, match="year 9000"):
        clock.advance(200_000_000_000)


@pytest.mark.parametrize("seconds", WRONG)
def test_the_sandbox_says_what_it_expects(world: SandboxWorld, seconds: Any) -> None:
    with pytest.raises(IrsaLabError, match="expected a number such as 3600"):
        world.advance_clock(seconds)


def test_a_namespace_whose_time_was_moved_has_a_time_of_its_own() -> None:
    clock = Clock(10)
    clock.of("lab-24").advance(3600)
    assert [clock.of(each).offset_seconds for each in ("lab-24", "lab-28", "")] == [3610, 10, 10]
    clock.advance(5)
    assert [clock.of(each).offset_seconds for each in ("lab-24", "lab-28", "")] == [3610, 15, 15]


def test_the_times_of_all_namespaces_are_kept(tmp_path: Path) -> None:
    clock = Clock.load(tmp_path / "clock.json")
    clock.advance(5)
    clock.of("lab-24").advance(60)
    again = Clock.load(tmp_path / "clock.json")
    assert [again.of(each).offset_seconds for each in ("", "lab-24")] == [5, 65]
    again.of("lab-24").forget()
    assert Clock.load(tmp_path / "clock.json").of("lab-24").offset_seconds == 5


@pytest.mark.parametrize(
    "kept",
    [
        '{"offset_seconds": 1e300}',
        '{"offset_seconds": 5, "namespaces": {"lab-24": -1}}',
        '{"namespaces": []}',
        "[]",
    ],
)
def test_a_time_that_cannot_be_read_is_not_used(tmp_path: Path, kept: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(kept)
    clock = Clock.load(path)
    assert [clock.of(each).offset_seconds for each in ("", "lab-24")] == [0, 0]


def age_of(shell: Any, namespace: str, name: str) -> str:
    """What kubectl prints under AGE."""
    line = shell("kubectl", "get", "configmap", "-n", namespace, name, "--no-headers").stdout
    return str(line.split()[-1])


def token_of(world: SandboxWorld, namespace: str) -> str:
    """A new token of ten minutes for STS."""
    asked = {"spec": {"audiences": ["sts.amazonaws.com"], "expirationSeconds": 600}}
    accounts: Any = world.resource("v1", "ServiceAccount")
    made = accounts.token.create(name="default", namespace=namespace, body=asked)
    return str(made.status.token)


def test_the_time_of_a_namespace_moves_what_is_in_it_and_ends_with_it(
    world: SandboxWorld, namespace: str, shell: Any
) -> None:
    """Ages, tokens and sessions; nothing beside it."""
    config_maps, namespaces = (world.resource("v1", kind) for kind in ("ConfigMap", "Namespace"))
    for place in (namespace, "default"):
        config_maps.create(namespace=place, body={"metadata": {"name": namespace}})
    old = {place: token_of(world, place) for place in (namespace, "default")}
    world.advance_clock(3 * 3600, namespace=namespace)
    assert age_of(shell, namespace, namespace) == "3h"
    assert age_of(shell, "default", namespace) != "3h"
    refused = {place: refusal_of(world, token) for place, token in old.items()}
    assert refused == {namespace: "ExpiredTokenException", "default": "AccessDenied"}
    assert refusal_of(world, token_of(world, namespace)) == "AccessDenied"

    config_maps.delete(namespace="default", name=namespace)
    namespaces.delete(name=namespace)
    shell("kubectl", "wait", "--for=delete", f"namespace/{namespace}")
    namespaces.create(body={"metadata": {"name": namespace}})
    shell("kubectl", "wait", "-n", namespace, "--for=create", "configmap/kube-root-ca.crt")
    assert age_of(shell, namespace, "kube-root-ca.crt") in {"0s", "1s", "2s", "3s"}


def refusal_of(world: SandboxWorld, token: str) -> str:
    """With which code STS refuses a token for a role that is not there."""
    oidc.ensure_provider(world)
    arn = f"arn:aws:iam::{world.cluster.account_id}:role/not-there"
    with pytest.raises(ClientError) as refused:
        world.aws("sts").assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="clock", WebIdentityToken=token
        )
    return str(refused.value.response["Error"]["Code"])
