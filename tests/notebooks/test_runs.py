"""Every notebook runs alone and in order; its closing check fails where its step is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_course.exercises.words import all_words
from irsa_course.folder import notebooks
from irsa_helpers import worlds
from irsa_helpers.course import catch_up
from irsa_helpers.ground import state
from irsa_helpers.worlds import launch, waiting
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.notebooks.breaks import BREAKS
from tests.notebooks.learner import ONLY_HERE, Learner, LikeReal, closing_check, code_cells

NOTEBOOKS = notebooks()
FOLDER = NOTEBOOKS[0].parent
# Calls that AWS and Kubernetes refuse the second time; a learner may run any cell twice.
ONCE_ONLY = re.compile(r"\.(create|delete|add|remove)_\w+\(")

# Where a notebook has changed the world most: the last cell of a run that stops half way.
MIDDLES = {
    "01": "01-18",
    "04": "04-14",
    "07": "07-22",
    "08": "08-10",
}

# For each exercise's cell what shows that it does not pass untouched, and passes with its solution.
PROOFS = {words.id: words.proof for words in all_words()}

by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forks_ready: None) -> Iterator[Path]:
    """A learner's place in which nothing has been done yet."""
    home = tmp_path / "home"
    monkeypatch.setenv(state.HOME_VARIABLE, str(home))
    monkeypatch.chdir(FOLDER)
    yield home
    launch.stop_sandbox(home)


def stop_half_way(cells: list[Any], last: str | None) -> None:
    """A learner runs the notebook up to the cell `last`, and starts over another day."""
    ids = [cell.id for cell in cells]
    stopped = Learner()
    for cell in cells[: ids.index(last) + 1 if last else 0]:
        stopped.runs(cell)


@by_name
def test_it_runs_alone_and_its_closing_check_can_fail(path: Path, home: Path) -> None:
    cells = code_cells(path)
    stop_half_way(cells, MIDDLES.get(path.stem[:2]))
    learner, check = Learner(), closing_check(cells)
    for cell in cells[: check + 1]:
        learner.runs(cell)
        if ONCE_ONLY.search(cell.source):
            learner.runs(cell)
        if cell.id in PROOFS:
            assert learner.tries(PROOFS[cell.id]) is None, learner.said
    for broken in BREAKS[path.stem[:2]]:
        assert learner.tries(broken.breaking) is None
        raised = learner.tries(cells[check].source)
        assert re.search(broken.cause, str(raised)), f"{broken.breaking} led to {raised}"
        assert learner.tries(broken.mending) is None
    learner.runs(cells[check])
    for cell in cells[check + 1 :]:
        learner.runs(cell)


@pytest.fixture
def like_real(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `connect()` gives behaves as a real account and cluster do."""

    def connect(_: str = "auto", *, approve: bool = False) -> LikeReal:
        return LikeReal(SandboxWorld(launch.ensure_sandbox(home)), approve=approve)

    monkeypatch.setattr(worlds, "connect", connect)


def kept(sandbox: SandboxWorld, home: Path) -> dict[str, Any]:
    """All that a notebook might change: AWS's journal, and what the cluster is asked to hold."""
    kinds = [("v1", "ServiceAccount"), ("v1", "Namespace"), ("apps/v1", "Deployment")]
    kinds += [("rbac.authorization.k8s.io/v1", "ClusterRole")]
    objects = {
        (kind, each.metadata.namespace, each.metadata.name): (
            each.metadata.generation,
            str(each.metadata.annotations),
        )
        for version, kind in kinds
        for each in sandbox.resource(version, kind).get().items
    }
    return {"AWS": (home / "aws" / "journal.jsonl").read_bytes(), "cluster": objects}


@pytest.mark.usefixtures("like_real")
def test_a_real_world_that_is_not_approved_is_not_changed_by_any_cell(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = SandboxWorld(launch.ensure_sandbox(home))
    catch_up(sandbox, through="deployment")
    waiting.wait_for_pod(sandbox, "s3-access-app")
    monkeypatch.setattr(waiting, "wait_for_pod", None)  # it does not come, and takes a minute
    before = kept(sandbox, home)
    for path in NOTEBOOKS:
        learner = Learner()
        for cell in code_cells(path):
            learner.tries(cell.source)
        assert kept(sandbox, home) == before, path.stem


@pytest.mark.usefixtures("like_real")
def test_all_run_in_order_in_a_real_world_once_approved() -> None:
    for path in NOTEBOOKS:
        learner = Learner()
        for cell in code_cells(path):
            raised = learner.tries(cell.source.replace("connect()", "connect(approve=True)"))
            allowed: Any = Exception if ONLY_HERE in cell.metadata.get("tags", []) else ()
            assert raised is None or isinstance(raised, allowed), f"cell {cell.id}: {raised!r}"
