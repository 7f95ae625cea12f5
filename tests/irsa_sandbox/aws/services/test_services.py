"""A service has one home: its record, and no word of it in the rooms around."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from irsa_sandbox.aws import services
from tests.test_architecture import ROOT

AWS = ROOT / "irsa_sandbox" / "aws"
SERVICES = services.registry()
# Who names a service without being its record.
NAMED = {
    "account.py": {"iam", "eks"},  # the story: an admin, roles and a cluster
    "callers/directory.py": {"iam"},  # users, roles and providers are IAM's
    "calls/eks_tokens.py": {"sts"},  # a presigned call of STS
    "handshake/assumed_roles.py": {"sts"},  # the form of STS's requests
    "handshake/associations.py": {"eks"},  # associations are kept with EKS's clusters
}


def below(path: Path) -> str:
    """A file's path below the endpoint's folder."""
    return path.relative_to(AWS).as_posix()


def test_a_service_is_one_record() -> None:
    records = [
        path.relative_to(AWS / "services").parts[0].removesuffix(".py").replace("_", "-")
        for path in (AWS / "services").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Service"
    ]
    assert sorted(records) == sorted(SERVICES)


def names_in(path: Path) -> set[str]:
    """The services that a file names: as a text by itself, or by what it imports of moto."""
    texts: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("moto."):
            texts.add(node.module.split(".")[1])
    return texts & set(SERVICES)


OUTSIDE = [
    path
    for path in sorted(AWS.rglob("*.py"))
    if path.relative_to(AWS).parts[0] not in {"services", "refusals"}
]


@pytest.mark.parametrize("path", OUTSIDE, ids=below)
def test_no_service_is_named_outside_its_record(path: Path) -> None:
    assert names_in(path) == NAMED.get(below(path), set())
