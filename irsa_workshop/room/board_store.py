"""What the board knows: reports by seat, messages of the instructor; one SQLite file."""

from __future__ import annotations

import json
import re
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from irsa_helpers.ground.store import Store

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS reports "
    "(id INTEGER PRIMARY KEY, seat INTEGER, at REAL, kind TEXT, facts TEXT)",
    "CREATE INDEX IF NOT EXISTS by_seat ON reports (seat)",
    "CREATE TABLE IF NOT EXISTS messages "
    "(id INTEGER PRIMARY KEY AUTOINCREMENT, seat INTEGER, at REAL, text TEXT, link TEXT)",
)
HOP = {"seq": int} | dict.fromkeys(("at", "source", "target", "outcome", "summary"), str)
KINDS: dict[str, dict[str, type]] = {
    "cell": {"notebook": str, "cell": int, "of": int},
    "answer": {"question": str, "choice": str, "right": bool},
    "lab": {"lab": str, "reached": int, "of": int},
    "hand": {"up": bool, "question": str},
    "handshake": {"hops": list},
}
"""What a report of each kind says. Whoever has a seat can send another: none may stop the board."""
MOST_OF_ONE_SEAT = 2000
LARGEST_FACTS = 2**15
MOST_COMMON = 8
MINUTES = re.compile(r"\*\*Time:\*\* (?:about )?(\d+) minutes")


class Reports(Store):
    """The reports and messages of one room."""

    tables = SCHEMA

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connect().close()
        path.chmod(0o600)

    def report(self, seat: int, kind: str, facts: Mapping[str, Any]) -> None:
        """Keep it. Raises ValueError for one that no seat of ours sends."""
        text = json.dumps(facts)
        if not _is_report(kind, facts) or len(text) > LARGEST_FACTS:
            raise ValueError(f"a report is one of {', '.join(KINDS)}, of {LARGEST_FACTS} bytes")
        with closing(self._connect()) as database, database:
            kept = database.execute("SELECT COUNT(*) FROM reports WHERE seat = ?", (seat,))
            if kept.fetchone()[0] >= MOST_OF_ONE_SEAT:
                oldest = "SELECT MIN(id) FROM reports WHERE seat = ?"
                database.execute(f"DELETE FROM reports WHERE id = ({oldest})", (seat,))
            database.execute(
                "INSERT INTO reports (seat, at, kind, facts) VALUES (?, ?, ?, ?)",
                (seat, time.time(), kind, text),
            )

    def reports(self, seat: int | None = None) -> list[dict[str, Any]]:
        """All that is kept, of one seat or of all, oldest first."""
        where, values = ("WHERE seat = ?", (seat,)) if seat is not None else ("", ())
        query = f"SELECT seat, at, kind, facts FROM reports {where} ORDER BY id"
        return [
            {"seat": row[0], "at": row[1], "kind": row[2], "facts": json.loads(row[3])}
            for row in self._read(query, *values)
        ]

    def forget(self, seat: int | None = None) -> None:
        """Nothing is kept of that seat; without one, nothing at all, messages included."""
        with closing(self._connect()) as database, database:
            if seat is not None:
                database.execute("DELETE FROM reports WHERE seat = ?", (seat,))
                return
            database.execute("DELETE FROM reports")
            database.execute("DELETE FROM messages")

    def push(self, seat: int | None, text: str, link: str = "") -> None:
        """A message for one seat, or for all."""
        columns = "INSERT INTO messages (seat, at, text, link) VALUES (?, ?, ?, ?)"
        self._write(columns, seat, time.time(), text, link)

    def messages(self, seat: int, heard: int = 0) -> list[dict[str, Any]]:
        """The messages for that seat since the one it heard last."""
        query = (
            "SELECT id, at, text, link FROM messages "
            "WHERE id > ? AND (seat IS NULL OR seat = ?) ORDER BY id"
        )
        rows = self._read(query, heard, seat)
        return [{"id": row[0], "at": row[1], "text": row[2], "link": row[3]} for row in rows]

    def _connect(self) -> sqlite3.Connection:
        database = super()._connect()
        database.execute("PRAGMA secure_delete = ON")  # what is wiped is not on the disk either
        return database


def _is_report(kind: str, facts: object) -> bool:
    return kind in KINDS and _has(facts, KINDS[kind]) and _have(facts, HOP)


def _has(facts: object, members: Mapping[str, type]) -> bool:
    """Whether it is an object of these members, each of its type; True is no number."""
    if not isinstance(facts, dict) or facts.keys() != members.keys():
        return False
    return all(type(facts[name]) is kind for name, kind in members.items())


def _have(facts: Any, members: Mapping[str, type]) -> bool:
    return all(_has(hop, members) for hop in facts.get("hops", ()))


def plan_of(project: Path) -> dict[str, int]:
    """The minutes that each notebook and each lab is meant to take, by its name."""
    plan = {}
    for part in ("notebooks", "labs"):
        for notebook in (project / part).glob("*.ipynb"):
            if minutes := MINUTES.search(notebook.read_text(encoding="utf-8")):
                plan[notebook.stem] = int(minutes[1])
    return plan


def standing(
    reports: Iterable[Mapping[str, Any]], plan: Mapping[str, int], now: float
) -> list[Any]:
    """One row a seat: where it is, for how long against plan, its lab, its hand.

    `plan`: the minutes that a notebook or a lab is meant to take.
    """
    seats: dict[int, dict[str, Any]] = {}
    for report in reports:
        row = seats.setdefault(report["seat"], {"seat": report["seat"], "minutes": 0, "plan": None})
        row["seen"] = round((now - report["at"]) / 60)
        _STEPS[report["kind"]](row, report["facts"], report["at"])
    for row in seats.values():
        row["minutes"] = round((now - row.pop("since", now)) / 60)
        row["plan"] = plan.get(row.get("lab") or row.get("notebook") or "")
        row["stuck"] = bool(row["plan"] and row["minutes"] > row["plan"])
    return sorted(seats.values(), key=lambda row: int(row["seat"]))


def _at_cell(row: dict[str, Any], facts: Mapping[str, Any], at: float) -> None:
    if row.get("notebook") != facts["notebook"]:
        row |= {"since": at, "furthest": 0, "lab": None, "goals": None}
    furthest = max(row.get("furthest", 0), int(facts["cell"]))
    row |= {"notebook": facts["notebook"], "cell": facts["cell"], "of": facts["of"]}
    row["furthest"] = furthest


def _answered(row: dict[str, Any], facts: Mapping[str, Any], at: float) -> None:
    key = "right" if facts["right"] else "wrong"
    row[key] = row.get(key, 0) + 1


def _at_lab(row: dict[str, Any], facts: Mapping[str, Any], at: float) -> None:
    if row.get("lab") != facts["lab"]:
        row["since"] = at
    row |= {"lab": facts["lab"], "goals": f"{facts['reached']} of {facts['of']}"}
    if facts["reached"] == facts["of"]:
        row["labs_done"] = [*row.get("labs_done", []), facts["lab"]]


def _hand(row: dict[str, Any], facts: Mapping[str, Any], at: float) -> None:
    row["hand"] = at if facts["up"] else None
    row["question"] = facts["question"] if facts["up"] else ""


def _handshake(row: dict[str, Any], facts: Mapping[str, Any], at: float) -> None:
    row["handshake"] = facts["hops"]


_STEPS = {
    "cell": _at_cell,
    "answer": _answered,
    "lab": _at_lab,
    "hand": _hand,
    "handshake": _handshake,
}


def median_place(rows: Iterable[Mapping[str, Any]]) -> str:
    """Where the middle of the room is: `03-trust-policy, cell 4`; empty for an empty room."""
    places = sorted((row["notebook"], row["furthest"]) for row in rows if row.get("notebook"))
    if not places:
        return ""
    notebook, cell = statistics.median_low(places)
    return f"{notebook}, cell {cell}"


def wrong_answers(reports: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The wrong answers that most seats gave: question, choice, how many seats."""
    given = {
        (report["facts"]["question"], report["facts"]["choice"], report["seat"])
        for report in reports
        if report["kind"] == "answer" and not report["facts"]["right"]
    }
    counted = Counter((question, choice) for question, choice, _ in given)
    return [
        {"question": question, "choice": choice, "seats": seats}
        for (question, choice), seats in counted.most_common(MOST_COMMON)
    ]
