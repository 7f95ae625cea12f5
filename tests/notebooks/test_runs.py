"""Every notebook runs: all in order in one world, and each alone in a fresh one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from irsa_helpers import launch, state, tour

NOTEBOOKS = tour.notebooks()


@pytest.fixture
def fresh_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path / "home"
    monkeypatch.setenv(state.HOME_VARIABLE, str(home))
    yield home
    launch.stop_sandbox(home)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_alone_in_a_fresh_world(path: Path, fresh_world: Path) -> None:
    tour.execute(path)


def test_all_run_in_order_in_one_world(fresh_world: Path) -> None:
    for path in NOTEBOOKS:
        tour.execute(path)
