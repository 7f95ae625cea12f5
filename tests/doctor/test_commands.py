"""`irsa-lab doctor` prints what it found, and its exit status tells a program."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from irsa_helpers.doctor import Diagnosis, Link, Overview, commands
from irsa_helpers.doctor.overview import WideTrust

FINE = Diagnosis("deployment/app", "shop", (Link("issuer", "ok", "https://x"),))
ILL = Diagnosis("deployment/app", "shop", (Link("provider", "broken", "none", "one"),))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command where the doctor finds what it is told to find."""

    def run(found: Any, *arguments: str) -> Any:
        monkeypatch.setattr(commands, "connect", lambda: "world")
        monkeypatch.setattr(commands, "diagnose", lambda _world, _target, namespace: found)
        monkeypatch.setattr(commands, "overview", lambda _world: found)
        return CliRunner().invoke(commands.doctor, arguments)

    return run


def test_a_healthy_chain_exits_0(run: Any) -> None:
    result = run(FINE, "deployment/app", "-n", "shop")
    assert result.exit_code == 0
    assert "deployment/app in namespace shop: every link holds" in result.output


def test_a_broken_link_exits_1(run: Any) -> None:
    result = run(ILL, "deployment/app", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["links"][0]["state"] == "broken"


def test_what_cannot_be_seen_counts_where_one_asks_for_it(run: Any) -> None:
    unseen = Diagnosis("deployment/app", "shop", (Link("role", "cannot-see", "iam:GetRole"),))
    assert run(unseen, "deployment/app").exit_code == 0
    assert run(unseen, "deployment/app", "--strict").exit_code == 1


def test_what_runs_no_pods_is_a_usage_error(run: Any) -> None:
    result = run(FINE, "service/app")
    assert result.exit_code == 2
    assert "cannot diagnose 'service/app'" in result.output


def test_without_a_target_the_whole_cluster_is_shown(run: Any) -> None:
    wide = WideTrust("arn:aws:iam::111122223333:role/x", "no condition on :sub")
    result = run(Overview((), (), (wide,)))
    assert result.exit_code == 1
    assert "Trust policies that admit too many:" in result.output
