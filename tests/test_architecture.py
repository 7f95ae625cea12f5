"""The directions in which modules may import one another, and the budgets of the tree."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "irsa_helpers"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400

# A part may import the parts named for it, and itself. Everything else of the package is "helpers".
FOUNDATION = {"errors", "arns", "state"}
MAY_IMPORT = {
    "foundation": {"foundation"},
    "policy": {"foundation"},
    "sandbox": {"foundation", "policy"},
    "helpers": {"foundation", "policy", "helpers"},
    "upper": {"foundation", "policy", "helpers", "upper"},
}
UPPER = {"views", "labs", "cli", "tour", "site", "jupyter", "doctor", "verify"}


def part(module: str) -> str:
    """The part that a dotted module name below the package belongs to."""
    first = module.split(".")[0]
    if first in FOUNDATION:
        return "foundation"
    if first in {"policy", "sandbox"}:
        return first
    return "upper" if first in UPPER else "helpers"


def imported(path: Path) -> set[str]:
    """The modules of this package that a file imports, without the package's name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    prefix = "irsa_helpers."
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_downward(path: Path) -> None:
    own = part(".".join(path.relative_to(PACKAGE).with_suffix("").parts))
    allowed = MAY_IMPORT[own] | {own}
    wrong = {name for name in imported(path) if part(name) not in allowed}
    assert not wrong, f"{path.name} ({own}) imports {sorted(wrong)}"


BESIDE_THE_API = [
    path
    for path in MODULES
    if path.relative_to(PACKAGE)
    .as_posix()
    .startswith(
        tuple(
            f"sandbox/{name}"
            for name in ("apiclient", "controllers", "kubelet", "node", "pod_identity", "webhook")
        )
    )
]


@pytest.mark.parametrize("path", BESIDE_THE_API, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_clusters_parts_know_the_api_server_by_its_api_alone(path: Path) -> None:
    within = {
        name for name in imported(path) if name.startswith(("sandbox.apiserver", "sandbox.aws"))
    }
    assert not within, "it could not stand beside a real API server"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
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
