"""The rooms of the AWS endpoint: which may know which, and where a service may be named."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from irsa_sandbox.aws import services
from tests.test_architecture import ROOT, dotted, modules_used

AWS = ROOT / "irsa_sandbox" / "aws"
FILES = sorted(AWS.rglob("*.py"))
# From the ground up: a room may import itself and what stands before it.
ROOMS = ["settings", "wire", "callers", "decisions", "handshake", "services", "records", "calls"]
ROOMS += ["account", "app", "", "refusals"]
SERVICES = services.registry()
# Who names a service without being its record.
NAMED = {
    "account.py": {"iam", "eks"},  # the story: an admin, roles and a cluster
    "callers/directory.py": {"iam"},  # users, roles and providers are IAM's
    "calls/eks_tokens.py": {"sts"},  # a presigned call of STS
    "handshake/assumed_roles.py": {"sts"},  # the form of STS's requests
    "handshake/associations.py": {"eks"},  # associations are kept with EKS's clusters
}


def room(module: str) -> str:
    """The room that a module stands in, by its dotted name."""
    return module.removeprefix("irsa_sandbox.aws").removeprefix(".").partition(".")[0]


def below(path: Path) -> str:
    return path.relative_to(AWS).as_posix()


@pytest.mark.parametrize("path", FILES, ids=below)
def test_a_room_knows_those_below_it(path: Path) -> None:
    own = ROOMS.index(room(dotted(path)))
    used = {it for it in modules_used(path) if it.startswith("irsa_sandbox.aws.")}
    assert not {it for it in used if ROOMS.index(room(it)) > own}


def test_every_folder_can_be_seen_at_a_glance() -> None:
    sizes = {below(it.parent): len(list(it.parent.glob("*.py"))) for it in FILES}
    assert not {folder: size for folder, size in sizes.items() if size > 20}


def test_a_service_is_one_record() -> None:
    records = [
        path.relative_to(AWS / "services").parts[0].removesuffix(".py").replace("_", "-")
        for path in (AWS / "services").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Service"
    ]
    assert sorted(records) == sorted(SERVICES)


def names_in(path: Path) -> set[str]:
    """The services that a file names: as a text by itself, or by what it imports."""
    texts: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.ImportFrom) and node.module:
            start, _, rest = node.module.partition("moto.")
            texts.add("" if start else rest.partition(".")[0])
    return texts & set(SERVICES)


OUTSIDE = [it for it in FILES if room(dotted(it)) not in {"services", "refusals"}]


@pytest.mark.parametrize("path", OUTSIDE, ids=below)
def test_no_service_is_named_outside_its_record(path: Path) -> None:
    assert names_in(path) == NAMED.get(below(path), set())
