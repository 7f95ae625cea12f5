"""Fixes that are pasted one after the other do not stand in each other's way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.doctor.fixes.shell import LATER, NEW_PODS, one_restart, restart_command
from irsa_helpers.doctor.result import Link

RESTART = "kubectl rollout restart deployment app -n team"


def broken(name: str, fix: str) -> Link:
    return Link(name, "broken", "found", fix=fix)


def test_a_workload_is_restarted_once_and_last() -> None:
    links = [
        broken("annotation", f"kubectl annotate x\n{RESTART}"),
        Link("webhook", "ok", "asked"),
        broken("injection", RESTART),
        broken("trust-policy", "aws iam y"),
    ]
    fixes = [link.fix for link in one_restart(links)]
    assert fixes == [f"kubectl annotate x\n{LATER}", "", RESTART, "aws iam y"]
    assert LATER.startswith("#")


def test_a_single_restart_stays_where_it_is() -> None:
    links = [broken("role", f"kubectl annotate x\n{RESTART}"), broken("token", "# by hand")]
    assert one_restart(links) == links


@pytest.mark.parametrize(
    ("owner", "command"),
    [
        ("deployment/app", "kubectl rollout restart deployment app -n team"),
        ("cronjob/tick", "kubectl create job tick-again --from=cronjob/tick -n team"),
        (None, NEW_PODS),
        ("job/once", NEW_PODS),
    ],
)
def test_new_pods_are_made_as_their_owner_makes_them(owner: str | None, command: str) -> None:
    workload: Any = SimpleNamespace(owner=owner, namespace="team", is_account=False)
    assert restart_command(workload) == command
