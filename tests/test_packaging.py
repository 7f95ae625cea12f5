"""environment.yml, pyproject.toml and constraints.txt say the same thing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.test_architecture import PACKAGES

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def canonical(requirement: str) -> str:
    """The normalised project name of a requirement. Source: PEP 503."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def test_conda_installs_this_project_with_the_same_pins() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["-c constraints.txt", "-e .[lab]"]


def test_conda_brings_a_python_that_the_project_accepts() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python = next(e for e in environment["dependencies"] if str(e).startswith("python="))
    minor = int(python.removeprefix("python=3."))
    assert minor >= int(PROJECT["requires-python"].removeprefix(">=3."))


def test_binder_finds_nothing_that_it_would_take_before_environment_yml() -> None:
    """Source: repo2docker, the order of its build packs."""
    first = ("Dockerfile", "binder", ".binder", "runtime.txt", "requirements.txt", "apt.txt")
    assert [name for name in first if (ROOT / name).exists()] == []


def test_binders_server_starts_beside_a_sandbox(sandbox: dict[str, Any]) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    said = subprocess.run(
        [ROOT / "start", "printenv", "AWS_ENDPOINT_URL"],
        env=os.environ | {"PATH": path, "IRSA_LAB_HOME": sandbox["home"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == sandbox["aws"]["endpoint_url"]


def test_a_codespace_has_condas_python_and_makes_the_lab() -> None:
    described = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert described["image"].endswith(environment["dependencies"][0].replace("=", ":"))
    assert described["postCreateCommand"] == "make install"
    assert described["postStartCommand"].removeprefix(".venv/bin/") == "irsa-lab up"
    opened = described["customizations"]["codespaces"]["openFiles"]
    assert all((ROOT / name).is_file() for name in opened)


def needed_by(name: str) -> list[str]:
    """What a package asks for, as it is installed; this project as it stands here."""
    if canonical(name) != PROJECT["name"]:
        return requires(name) or []
    extras = PROJECT["optional-dependencies"].items()
    of_extras = [f'{line} ; extra == "{extra}"' for extra, lines in extras for line in lines]
    return [*PROJECT["dependencies"], *of_extras]


def installed_with(requirements: Iterable[str]) -> Iterator[str]:
    """The canonical names of all that these requirements bring, here and now."""
    waiting = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, ...]] = set()
    while waiting:
        wanted, given = waiting.pop()
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": given})
        if not applies or (wanted.name, *sorted(wanted.extras)) in seen:
            continue
        seen.add((wanted.name, *sorted(wanted.extras)))
        yield canonical(wanted.name)
        for needs in needed_by(wanted.name):
            waiting += [(Requirement(needs), each) for each in wanted.extras or {""}]


@pytest.mark.parametrize("extra", ["lab", "seat"])
def test_all_that_a_learner_installs_is_pinned_to_what_is_tested(extra: str) -> None:
    names = set(installed_with([f"irsa-lab[{extra}]"])) - {"irsa-lab"}
    pins = dict(line.partition(" ; ")[0].split("==") for line in CONSTRAINTS)
    pinned = {canonical(name): number for name, number in pins.items()}
    assert len(names) > 50
    assert {name: version(name) for name in names} == {name: pinned.get(name) for name in names}


def test_every_requirement_is_pinned() -> None:
    wanted = {canonical(line) for line in PROJECT["dependencies"]}
    for extra in PROJECT["optional-dependencies"].values():
        wanted |= {canonical(line) for line in extra}
    wanted -= {PROJECT["name"]}
    pinned = {canonical(line) for line in CONSTRAINTS}
    assert wanted <= pinned


def test_constraints_hold_versions_alone() -> None:
    line = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+( ; .+)?")
    assert [entry for entry in CONSTRAINTS if not line.fullmatch(entry)] == []
    assert "//" not in "".join(CONSTRAINTS)


def test_a_wheel_holds_every_file_of_each_package() -> None:
    wheel = PYPROJECT["tool"]["setuptools"]
    assert wheel["packages"]["find"]["include"] == [f"{name}*" for name in PACKAGES]
    of_all, of_programs = wheel["package-data"].values()
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    left_out = [
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.parent.name != "__pycache__"
        if not (path.suffix == ".py" and (path.parent / "__init__.py").exists())
        if not any(path.match(pattern) for pattern in (*of_all, *of_programs))
    ]
    assert left_out == []


def test_the_licence_is_named_and_its_text_is_here() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert all((ROOT / name).is_file() for name in PROJECT["license-files"])
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_a_forge_runs_what_a_developer_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    assert any(step.get("run", "").endswith("bash .ci/run") for step in job["steps"])
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert oldest in job["strategy"]["matrix"]["python"]


def test_the_checks_before_a_commit_are_those_of_make_lint() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = {hook["entry"] for repo in config["repos"] for hook in repo["hooks"]}
    recipe = re.search(r"^lint: .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    commands = {
        line.strip().replace("$(BIN)", ".venv/bin").removesuffix(" .")
        for line in recipe[1].splitlines()
    }
    assert entries == commands


def test_every_issue_form_asks_for_what_it_needs() -> None:
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))
    assert [form.stem for form in forms] == ["lab-idea", "wrong-answer"]
    for form in forms:
        fields = yaml.safe_load(form.read_text(encoding="utf-8"))["body"]
        assert any(field.get("validations", {}).get("required") for field in fields)


@pytest.mark.parametrize("target", ["lab", "tour", "site"])
def test_a_learner_gets_no_development_tool(target: str) -> None:
    plan = subprocess.run(
        ["make", "--dry-run", "--what-if=pyproject.toml", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "-e '.[lab]'" in plan
    assert "[dev]" not in plan
    extras = PROJECT["optional-dependencies"]
    tools = {canonical(line) for line in extras["dev"]} - {PROJECT["name"]}
    assert tools.isdisjoint({canonical(line) for line in extras["lab"] + PROJECT["dependencies"]})
