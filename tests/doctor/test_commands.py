"""`irsa-lab doctor` prints what it found, and its exit status tells a program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from irsa_helpers.doctor import Diagnosis, Link, Overview, Survey, commands
from irsa_helpers.doctor.overview import WideTrust
from irsa_helpers.worlds.environment import process_environment

ROOT = Path(__file__).parents[2]
FINE = Diagnosis("deployment/app", "shop", (Link("issuer", "ok", "https://x"),))
ILL = Diagnosis("deployment/app", "shop", (Link("provider", "broken", "none", "one"),))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command where the doctor finds what it is told to find."""

    def run(found: Any, *arguments: str) -> Any:
        somewhere = SimpleNamespace(namespace="default")
        monkeypatch.setattr(commands, "connect", lambda: somewhere)
        monkeypatch.setattr(commands, "diagnose", lambda _world, _target, namespace: found)
        monkeypatch.setattr(commands, "survey", lambda _world, _namespace: found)
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
    result = run(Survey(3, (), Overview((), (), (wide,))))
    assert result.exit_code == 1
    assert "Trust policies that admit too many:" in result.output


def test_the_whole_cluster_is_asked_for_by_no_workload_or_by_all(run: Any) -> None:
    fine = Survey(3, (), Overview((), (), ()))
    for arguments in ((), ("--all",), ("-n", "shop"), ("-o", "markdown"), ("-o", "sarif")):
        assert run(fine, *arguments).exit_code == 0
    assert json.loads(run(fine, "--json").output)["workloads"] == 3
    assert run(fine, "--all", "deployment/app").exit_code == 2


def test_the_namespace_is_the_contexts_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def looked(_world: Any, _target: str, namespace: str) -> Diagnosis:
        asked.append(namespace)
        return FINE

    monkeypatch.setattr(commands, "connect", lambda: SimpleNamespace(namespace="team"))
    monkeypatch.setattr(commands, "diagnose", looked)
    for arguments in (["deployment/app"], ["deployment/app", "-n", "shop"]):
        CliRunner().invoke(commands.doctor, arguments)
    assert asked == ["team", "shop"]


def test_a_ticket_gets_markdown_and_a_scanner_sarif(run: Any) -> None:
    ticket = run(ILL, "deployment/app", "-o", "markdown")
    assert ticket.output.startswith("**deployment/app** in namespace `shop`: broken: provider")
    scanned = json.loads(run(ILL, "deployment/app", "-o", "sarif").output)
    assert scanned["runs"][0]["results"][0]["ruleId"] == "provider"


def test_watching_ends_when_nothing_is_broken_any_more(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter([ILL, ILL, FINE])
    monkeypatch.setattr(commands, "PAUSE", 0)
    monkeypatch.setattr(commands, "_examine", lambda *_: next(turns))
    result = run(None, "deployment/app", "--watch")
    assert result.exit_code == 0
    assert result.output.count("broken: provider") == 1, "what is the same is not told again"
    assert "every link holds\n  issuer: new -> ok" in result.output


def test_watching_wants_a_workload(run: Any) -> None:
    assert run(FINE, "--watch").exit_code == 2


WITHOUT = ("moto", "jupyterlab", "ipywidgets", "irsa_sandbox", "notebook", "starlette", "flask")
ALONE = f"""
import importlib.abc, sys

class Closed(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {WITHOUT}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Closed())
from irsa_helpers.cli import plugin
plugin(["doctor", "sa/default", "-o", "json"])
"""


def test_the_doctor_runs_without_the_sandbox_and_jupyter(sandbox: dict[str, Any]) -> None:
    """As `pip install irsa-lab` gives it, and as `kubectl irsa`."""
    environment = process_environment(sandbox)
    done = subprocess.run(
        [sys.executable, "-c", ALONE], env=environment, capture_output=True, text=True
    )
    assert done.returncode in {0, 1}, done.stderr
    assert json.loads(done.stdout)["target"] == "serviceaccount/default"


def test_kubectl_finds_the_plugin(sandbox: dict[str, Any], tmp_path: Path) -> None:
    """By the program that the installation makes of the entry point."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    module, _, function = scripts["kubectl-irsa"].partition(":")
    program = tmp_path / "kubectl-irsa"
    program.write_text(f"#!{sys.executable}\nfrom {module} import {function}\n{function}()\n")
    program.chmod(0o755)
    environment = process_environment(sandbox)
    environment |= {"PATH": f"{tmp_path}:{environment['PATH']}", "PYTHONPATH": str(ROOT)}
    kubectl = shutil.which("kubectl", path=environment["PATH"]) or "kubectl"
    command = [kubectl, "irsa", "doctor", "sa/default"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "serviceaccount/default in namespace default: " in done.stdout, done.stderr
