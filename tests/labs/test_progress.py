"""The learner's progress survives, and counts what it should."""

from __future__ import annotations

from pathlib import Path

from irsa_helpers.labs.progress import Progress


def test_a_lab_is_done_at_its_first_passing_check_and_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "progress.sqlite3"
    Progress(path).started("01-x")
    Progress(path).checked("01-x", passed=False)
    assert Progress(path).records()["01-x"].state == "started"
    Progress(path).checked("01-x", passed=True)
    Progress(path).checked("01-x", passed=False)
    record = Progress(path).records()["01-x"]
    assert (record.state, record.checks) == ("done", 3)


def test_hints_count_up_and_a_new_start_forgets_them(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    progress.started("01-x")
    progress.hinted("01-x", 2)
    progress.hinted("01-x", 1)
    assert progress.records()["01-x"].hints_used == 2
    progress.started("01-x")
    assert progress.records()["01-x"].hints_used == 0
