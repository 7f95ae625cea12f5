"""The learner's progress survives, and counts what it should."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from irsa_helpers.labs.progress import Progress, Record


def test_a_lab_is_done_at_its_first_passing_check_and_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "progress.sqlite3"
    Progress(path).started("01-x")
    Progress(path).checked("01-x")
    assert Progress(path).records()["01-x"].state == "started"
    Progress(path).checked("01-x")
    Progress(path).done("01-x")
    Progress(path).checked("01-x")
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


def test_a_lab_once_done_stays_done_on_the_board(tmp_path: Path) -> None:
    """Also where a notebook is run from its beginning again, which starts its lab."""
    progress = Progress(tmp_path / "progress.sqlite3")
    progress.started("01-x")
    assert progress.board()["01-x"].state == "started"
    progress.hinted("01-x", 2)
    progress.done("01-x")
    first = progress.board()["01-x"]
    for _ in range(2):
        progress.started("01-x")
        progress.solution_shown("01-x")
        assert progress.records()["01-x"].state == "started"
        assert progress.board()["01-x"] == first
    progress.started("01-x")
    progress.done("01-x")
    again = progress.board()["01-x"]
    assert (again.state, again.help_used) == ("done", "")


def test_a_goal_is_new_once_in_an_attempt(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    progress.started("01-x")
    assert progress.reached("01-x", ["a", "b"]) == {"a", "b"}
    assert progress.reached("01-x", ["b", "c"]) == {"c"}
    assert progress.reached("02-x", ["a"]) == {"a"}
    progress.started("01-x")
    assert progress.reached("01-x", ["a"]) == {"a"}


def test_help_and_time_are_told_in_words() -> None:
    def record(seconds: int | None, hints: int, seen: bool) -> Record:
        done = f"2026-11-24T10:{seconds // 60:02d}:{seconds % 60:02d}+00:00" if seconds else None
        return Record("01-x", "2026-11-24T10:00:00+00:00", done, hints, 1, seen)

    assert (record(30, 1, False).time_taken, record(30, 1, False).help_used) == (
        "< 1 min",
        "1 hint",
    )
    assert record(600, 2, True).time_taken == "10 min"
    assert record(600, 2, True).help_used == "2 hints, solution"
    assert (record(None, 0, False).time_taken, record(None, 0, False).help_used) == ("", "")


def test_what_is_read_after_a_lab_is_done_was_no_help(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    progress.started("13-x")
    progress.hinted("13-x", 1)
    progress.done("13-x")
    progress.hinted("13-x", 3)
    progress.solution_shown("13-x")
    assert progress.records()["13-x"].help_used == "1 hint"


def test_the_open_lab_is_the_one_that_was_started_last_and_is_not_done(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    assert progress.open_lab() is None
    for lab in ("01-x", "02-x"):
        progress.started(lab)
    assert progress.open_lab() == "02-x"
    progress.done("02-x")
    assert progress.open_lab() == "01-x"


def test_the_doctor_counts_in_the_open_labs_namespaces_alone(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    for lab in ("03-x", "31-x"):
        progress.started(lab)
    for elsewhere in ("default", "lab-3", "lab-310", "lab-30", ""):
        assert progress.doctor_asked(elsewhere) is None
    for inside in ("lab-31", "lab-31-other"):
        found = progress.doctor_asked(inside)
        assert found is not None
        assert found.id == "31-x"
    assert [each.hints_counted for each in progress.records().values()] == [0, 1]


def test_a_file_of_before_the_doctor_counted_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "progress.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        for table in ("labs", "reached"):
            database.execute(
                f"CREATE TABLE {table} (id TEXT PRIMARY KEY, started_at TEXT NOT NULL, "
                "done_at TEXT, hints_used INTEGER NOT NULL DEFAULT 0, checks INTEGER NOT NULL "
                "DEFAULT 0, solution_seen INTEGER NOT NULL DEFAULT 0)"
            )
        database.execute(
            "INSERT INTO labs VALUES ('03-x', '2026-11-24T10:00:00+00:00', "
            "'2026-11-24T10:20:00+00:00', 2, 1, 0)"
        )
        database.commit()
    progress = Progress(path)
    assert progress.records()["03-x"].help_used == "2 hints"
    progress.started("03-x")
    assert progress.doctor_asked("lab-03") is not None
    assert progress.board()["03-x"].help_used == "2 hints"
    assert progress.records()["03-x"].help_used == "1 hint with the doctor"
