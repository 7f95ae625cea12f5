"""The directions in which modules may import one another, and the budgets of the tree."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("irsa_course", "irsa_helpers", "irsa_sandbox", "irsa_workshop")
MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
MOST_LINES = 400

# A part may import the parts named for it, and itself. What is not named here is "helpers".
FOUNDATION = {"errors", "ground"}
MAY_IMPORT = {
    "foundation": set[str](),
    "policy": {"foundation"},
    "sandbox": {"foundation", "policy"},
    "worlds": {"foundation"},
    "helpers": {"foundation", "policy", "worlds"},
    "upper": {"foundation", "policy", "worlds", "helpers"},
    "course": {"foundation", "policy", "worlds", "helpers", "upper"},
    "workshop": {"foundation", "policy", "worlds", "helpers", "upper", "course"},
}
UPPER = {"__init__", "views", "labs", "cli", "doctor", "verify"}


def name_of(path: Path) -> str:
    """A file's path below the project, for a test's name."""
    return path.relative_to(ROOT).as_posix()


def part(module: str) -> str:
    """The part that a module belongs to, by its dotted name."""
    package, _, rest = module.partition(".")
    if package != "irsa_helpers":
        return package.removeprefix("irsa_")
    first = rest.split(".")[0]
    if first in FOUNDATION:
        return "foundation"
    if first in {"policy", "worlds"}:
        return first
    return "upper" if first in UPPER else "helpers"


def imported(path: Path) -> set[str]:
    """The modules of this project that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name for name in names if name.startswith(tuple(f"{it}." for it in PACKAGES))}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_downward(path: Path) -> None:
    own = part(".".join(path.relative_to(ROOT).with_suffix("").parts))
    allowed = MAY_IMPORT[own] | {own}
    wrong = {name for name in imported(path) if part(name) not in allowed}
    assert not wrong, f"{path.name} ({own}) imports {sorted(wrong)}"


def dotted(path: Path) -> str:
    """A module's dotted name; a package's is its folder's."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules_used(path: Path) -> set[str]:
    """The modules that a file imports: of `from a.b import c`, `a.b.c` where that is a module."""
    known = {dotted(it) for it in MODULES}
    used: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            used |= {name if name in known else node.module for name in whole}
        elif isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
    return (used & known) - {dotted(path)}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports inside functions, and those for type hints, count as well."""
    graph = {dotted(path): modules_used(path) for path in MODULES}
    assert {"irsa_helpers.ground.arns", "irsa_helpers.worlds"} <= graph["irsa_helpers.oidc"]
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(reversed(error.args[1]))}")


BESIDE_THE_API = [
    path
    for path in (ROOT / "irsa_sandbox").rglob("*.py")
    if path.relative_to(ROOT / "irsa_sandbox")
    .as_posix()
    .startswith(("apiclient", "controllers", "kubelet", "node"))
]


@pytest.mark.parametrize("path", BESIDE_THE_API, ids=name_of)
def test_the_clusters_parts_know_the_api_server_by_its_api_alone(path: Path) -> None:
    within = {
        name
        for name in imported(path)
        if name.startswith(("irsa_sandbox.apiserver", "irsa_sandbox.aws"))
    }
    assert not within, "it could not stand beside a real API server"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{path} has {lines} lines"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, irsa_helpers; "
        "print([m for m in ('boto3', 'kubernetes', 'moto', 'starlette', 'ipywidgets') "
        "if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
