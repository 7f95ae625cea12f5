"""Tables in a SQLite file: a learner's progress, and what a room keeps of its seats."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from irsa_helpers.ground import state

FILE = "progress.sqlite3"


class Store:
    """Some tables of a file: without a path, of the `progress.sqlite3` that survives `reset`."""

    tables: ClassVar[tuple[str, ...]] = ()  # `CREATE TABLE IF NOT EXISTS …`, one for each

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or state.home() / FILE

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as database:
            return database.execute(query, values).fetchall()

    def _write(self, statement: str, *values: object) -> None:
        with closing(self._connect()) as database, database:
            database.execute(statement, values)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = sqlite3.connect(self._path)
        for table in self.tables:
            database.execute(table)
        return database


def now() -> str:
    """This moment, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat()


def help_in_words(hints_used: int, solution_seen: bool, remark: str = "") -> str:
    """What help was asked for: `2 hints, solution`; empty for none. `remark` is on the hints."""
    hints = f"{hints_used} hint{'s' * (hints_used > 1)}{remark}" if hints_used else ""
    return ", ".join(text for text in (hints, "solution" * solution_seen) if text)
