"""The rooms inside the parts: which may know which, and that none is too full to overlook."""

from __future__ import annotations

import pytest

from tests.test_architecture import MODULES, ROOT, dotted, modules_used

MOST_FILES = 20
# Folders that are still one room.
TOO_FULL = {"irsa_sandbox"}
# From the ground up: a room, or a module beside the rooms, knows itself and what stands before it.
ROOMS = {
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
        *("worker", ""),
    ],
}
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
    sizes = {
        it.relative_to(ROOT).as_posix(): len(list(it.glob("*.py")))
        for it in folders
        if it.relative_to(ROOT).parts[0] == "irsa_sandbox"
    }
    assert {name for name, size in sizes.items() if size > MOST_FILES} == TOO_FULL
