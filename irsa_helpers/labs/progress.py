"""What the learner has done, in a SQLite file that survives restarts and `reset`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from irsa_helpers.ground.store import Store, help_in_words, now

if TYPE_CHECKING:
    from collections.abc import Iterable

# `labs` has the latest attempt at each lab, `reached` the latest that came to its end before it.
SCHEMA = """
CREATE TABLE IF NOT EXISTS {table} (
    id TEXT PRIMARY KEY,
    started_at TEXT NOT NULL,
    done_at TEXT,
    hints_used INTEGER NOT NULL DEFAULT 0,
    checks INTEGER NOT NULL DEFAULT 0,
    solution_seen INTEGER NOT NULL DEFAULT 0,
    {doctor}
)
"""
# The goals that were reached in the latest attempt: each is told to a room once.
GOALS = """
CREATE TABLE IF NOT EXISTS goals (
    lab TEXT NOT NULL,
    goal TEXT NOT NULL,
    PRIMARY KEY (lab, goal)
)
"""
# Files of before have it not.
DOCTOR = "doctor_asked INTEGER NOT NULL DEFAULT 0"


@dataclass(frozen=True)
class Record:
    """One lab's row; times are ISO 8601 in UTC, `done_at` is None until every goal was reached."""

    id: str
    started_at: str
    done_at: str | None
    hints_used: int
    checks: int
    solution_seen: bool
    doctor_asked: bool = False

    @property
    def namespace(self) -> str:
        """The Kubernetes namespace of the lab, as in `lab-03`."""
        return f"lab-{self.id.split('-')[0]}"

    def holds(self, namespace: str) -> bool:
        """Whether a namespace is the lab's: its own, or one that begins as it does."""
        return f"{namespace}-".startswith(f"{self.namespace}-")

    @property
    def state(self) -> str:
        """`done` or `started`; a lab without a record is `not started`."""
        return "done" if self.done_at else "started"

    @property
    def time_taken(self) -> str:
        """From the start to the passing check, in words: `12 min`; empty until then."""
        if self.seconds is None:
            return ""
        return "< 1 min" if self.seconds < 60 else f"{self.seconds / 60:.0f} min"

    @property
    def hints_counted(self) -> int:
        """The hints that were shown, and one for the doctor where it was asked."""
        return self.hints_used + self.doctor_asked

    @property
    def help_used(self) -> str:
        """What was asked for, in words: `2 hints, solution`; empty for nothing.

        The doctor counts as a hint: `3 hints with the doctor`.
        """
        remark = " with the doctor" * self.doctor_asked
        return help_in_words(self.hints_counted, self.solution_seen, remark)

    @property
    def seconds(self) -> float | None:
        """From the start to the passing check, in seconds; None until then."""
        if self.done_at is None:
            return None
        begun, ended = map(datetime.fromisoformat, (self.started_at, self.done_at))
        return (ended - begun).total_seconds()


class Progress(Store):
    """The records of one learner."""

    tables = (
        *(SCHEMA.format(table=table, doctor=DOCTOR) for table in ("labs", "reached")),
        GOALS,
    )

    def records(self) -> dict[str, Record]:
        """The latest attempt at every lab that was ever started, by id."""
        return self._table("labs")

    def board(self) -> dict[str, Record]:
        """What counts of every lab that was ever started: a lab once done is done.

        It stays so while it is tried anew, with the time and the help of before; once it is done
        again, those of the new attempt count.
        """
        latest, reached = self._table("labs"), self._table("reached")
        return {
            lab_id: record if record.done_at else reached.get(lab_id, record)
            for lab_id, record in latest.items()
        }

    def open_lab(self) -> str | None:
        """The id of the lab that was started last and is not done; None where there is none."""
        started = [record for record in self.records().values() if record.state == "started"]
        return max(started, key=lambda record: record.started_at).id if started else None

    def latest(self) -> Record | None:
        """The lab that was started last, done or not; None where none was."""
        records = self.records().values()
        return max(records, key=lambda record: record.started_at, default=None)

    def _table(self, table: str) -> dict[str, Record]:
        columns = "id, started_at, done_at, hints_used, checks, solution_seen, doctor_asked"
        rows = self._read(f"SELECT {columns} FROM {table}")
        return {row[0]: Record(*row[:5], *map(bool, row[5:])) for row in rows}

    def started(self, lab_id: str) -> None:
        """The lab begins anew: its clock starts, its hints count from none."""
        self._write(
            "INSERT OR REPLACE INTO reached SELECT * FROM labs WHERE id = ? AND done_at NOT NULL",
            lab_id,
        )
        self._write("DELETE FROM goals WHERE lab = ?", lab_id)
        self._write("INSERT OR REPLACE INTO labs (id, started_at) VALUES (?, ?)", lab_id, now())

    def checked(self, lab_id: str) -> None:
        """The learner has asked for a check."""
        self._write("UPDATE labs SET checks = checks + 1 WHERE id = ?", lab_id)

    def done(self, lab_id: str) -> None:
        """Every goal was seen reached; the first time ends the lab."""
        self._write("UPDATE labs SET done_at = COALESCE(done_at, ?) WHERE id = ?", now(), lab_id)

    def reached(self, lab_id: str, goals: Iterable[str]) -> set[str]:
        """Those goals were seen reached; returns the ones that were not before in this attempt."""
        known = {goal for (goal,) in self._read("SELECT goal FROM goals WHERE lab = ?", lab_id)}
        new = set(goals) - known
        for goal in new:
            self._write("INSERT OR IGNORE INTO goals (lab, goal) VALUES (?, ?)", lab_id, goal)
        return new

    def hinted(self, lab_id: str, count: int) -> None:
        """That many hints have been shown; once the lab is done, that is no help any more."""
        self._write(
            "UPDATE labs SET hints_used = MAX(hints_used, ?) WHERE id = ? AND done_at IS NULL",
            count,
            lab_id,
        )

    def solution_shown(self, lab_id: str) -> None:
        """The learner has seen the solution; once the lab is done, that is no help any more."""
        self._write("UPDATE labs SET solution_seen = 1 WHERE id = ? AND done_at IS NULL", lab_id)

    def doctor_asked(self, namespace: str) -> Record | None:
        """The open lab of that namespace, in which the doctor counts from now on; None for none."""
        for record in self.records().values():
            if record.holds(namespace) and record.state == "started":
                self._write("UPDATE labs SET doctor_asked = 1 WHERE id = ?", record.id)
                return record
        return None

    def _connect(self) -> sqlite3.Connection:
        database = super()._connect()
        for table in ("labs", "reached"):
            columns = database.execute(f"SELECT name FROM pragma_table_info('{table}')")
            if ("doctor_asked",) not in columns.fetchall():
                database.execute(f"ALTER TABLE {table} ADD COLUMN {DOCTOR}")
        return database
