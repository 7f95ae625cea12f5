"""The rooms inside the parts: which may know which, and that none is too full to overlook."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_architecture import MODULES, ROOT, dotted, modules_used

MOST_FILES = 20
# From the ground up: a room, or a module beside the rooms, knows itself and what stands before it.
ROOMS = {
    "irsa_helpers": [
        *("errors", "ground", "policy", "worlds", "printing", "changes", "trust", "audit", "oidc"),
        *("roles", "serviceaccounts", "pods", "pod_identity", "storage", "exports", "leftovers"),
        *("tokens", "course", "labs", "doctor", "views", "verify", "cli", ""),
    ],
    "irsa_helpers.doctor": [
        *("result", "open_labs", "evidence", "fixes", "links", "walk", "overview", "faults"),
        *("survey", "sarif", "", "commands"),
    ],
    "irsa_course": [
        *("folder", "node_proxy", "progress", "labs", "exercises", "questions", "missing_names"),
        *("cell_errors", "first_act", "tenants", "tour", "site_page", "site", "jupyter"),
        *("certificate", "map", "console", "commands", ""),
    ],
    "irsa_workshop": ["room", "stage", ""],
    "irsa_sandbox.apiserver": [
        *("ground", "store", "validation", "kinds", "schemas", "structure", "access"),
        *("published", "requests", "admission", "writes", "answers", "routes", "app", ""),
    ],
    "irsa_sandbox.aws": [
        *("settings", "wire", "callers", "decisions", "handshake", "services", "records", "calls"),
        *("account", "app", "", "refusals"),
    ],
    "irsa_sandbox.controllers": ["base", "workloads", "upkeep", ""],
    "irsa_sandbox.kubelet": [
        *("programs", "files", "containers", "channels", "podstatus", "registration", "streams"),
        *("worker", "kubelet", ""),
    ],
}
# Tests that no module is alone in: a browser, the real clients, the notebooks as they run.
THROUGH_EVERYTHING = {"tests/browser", "tests/clients", "tests/notebooks"}
TOOLS = {"irsa_sandbox.apiserver.schemas.generate"}  # run by hand, over all of its part


@pytest.mark.parametrize("part", ROOMS)
def test_a_room_knows_those_below_it(part: str) -> None:
    def floor(module: str) -> int:
        return ROOMS[part].index(module.removeprefix(part).removeprefix(".").partition(".")[0])

    def is_within(module: str) -> bool:
        return f"{module}.".startswith(f"{part}.") and module not in TOOLS

    upward = [
        (dotted(path), used)
        for path in MODULES
        if is_within(dotted(path))
        for used in modules_used(path)
        if is_within(used) and floor(used) > floor(dotted(path))
    ]
    assert upward == []


def test_no_folder_is_too_full_to_overlook() -> None:
    folders = {path.parent for path in MODULES}
    sizes = {dotted(it / "__init__.py"): len(list(it.glob("*.py"))) for it in folders}
    assert {name: size for name, size in sizes.items() if size > MOST_FILES} == {}


def test_a_test_stands_where_its_module_stands() -> None:
    """`irsa_helpers` is the root of `tests/`; what goes through everything has rooms of its own."""
    parts = {path.parent.relative_to(ROOT) for path in MODULES}
    mirrored = {Path("tests", *it.parts[it.parts[0] == "irsa_helpers" :]) for it in parts}
    homes = {path.parent.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")}
    assert {it.as_posix() for it in homes - mirrored} == THROUGH_EVERYTHING
