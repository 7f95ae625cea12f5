"""What the board makes of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from irsa_helpers.labs.model import all_labs
from irsa_workshop.room import board_store
from irsa_workshop.room.board_store import (
    Reports,
    median_place,
    plan_of,
    standing,
    wrong_answers,
)

ROOT = Path(__file__).parents[3]
PLAN = {"00-welcome": 10, "03-trust-policy": 20, "01-access-denied": 10}


def report(seat: int, at: float, kind: str, **facts: Any) -> dict[str, Any]:
    return {"seat": seat, "at": at, "kind": kind, "facts": facts}


def at_cell(seat: int, at: float, notebook: str, cell: int) -> dict[str, Any]:
    return report(seat, at, "cell", notebook=notebook, cell=cell, of=12)


def test_a_row_says_where_a_seat_is_and_for_how_long() -> None:
    reports = [
        at_cell(1, 0, "00-welcome", 3),
        at_cell(1, 600, "03-trust-policy", 5),
        at_cell(1, 660, "03-trust-policy", 2),
    ]
    (row,) = standing(reports, PLAN, now=600 + 25 * 60)
    assert (row["notebook"], row["cell"], row["furthest"]) == ("03-trust-policy", 2, 5)
    assert (row["minutes"], row["plan"], row["stuck"]) == (25, 20, True)


def test_a_lab_has_its_own_clock_and_plan() -> None:
    reports = [
        at_cell(1, 0, "03-trust-policy", 5),
        report(1, 3000, "lab", lab="01-access-denied", reached=2, of=5),
    ]
    (row,) = standing(reports, PLAN, now=3000 + 300)
    assert (row["lab"], row["goals"], row["minutes"], row["stuck"]) == (
        *("01-access-denied", "2 of 5"),
        *(5, False),
    )
    reports.append(report(1, 3200, "lab", lab="01-access-denied", reached=5, of=5))
    assert standing(reports, PLAN, now=3300)[0]["labs_done"] == ["01-access-denied"]


def test_a_hand_is_up_until_it_is_lowered() -> None:
    reports = [report(2, 5, "hand", up=True, question="why 403?")]
    assert standing(reports, PLAN, 10)[0]["question"] == "why 403?"
    reports.append(report(2, 8, "hand", up=False, question=""))
    assert not standing(reports, PLAN, 10)[0]["hand"]


def test_the_median_is_the_middle_seats_furthest_cell() -> None:
    places = [("00-welcome", 2), ("03-trust-policy", 4), ("03-trust-policy", 9)]
    reports = [at_cell(seat, 0, *place) for seat, place in enumerate(places)]
    assert median_place(standing(reports, PLAN, 1)) == "03-trust-policy, cell 4"
    assert median_place([]) == ""


def test_wrong_answers_are_counted_by_seats() -> None:
    wrong = {"question": "which arrow?", "choice": "arrow 2", "right": False}
    reports = [report(seat, at, "answer", **wrong) for seat, at in ((1, 0), (1, 1), (2, 2))]
    reports.append(report(3, 3, "answer", **(wrong | {"choice": "arrow 4", "right": True})))
    assert wrong_answers(reports) == [
        {"question": "which arrow?", "choice": "arrow 2", "seats": 2},
    ]


@pytest.fixture
def store(tmp_path: Path) -> Reports:
    return Reports(tmp_path / "board.sqlite3")


def test_what_is_forgotten_is_not_in_the_file(store: Reports, tmp_path: Path) -> None:
    store.report(1, "hand", {"up": True, "question": "a private question"})
    store.report(2, "hand", {"up": True, "question": "another"})
    store.forget(1)
    assert [each["seat"] for each in store.reports()] == [2]
    assert b"private question" not in (tmp_path / "board.sqlite3").read_bytes()
    store.forget()
    assert store.reports() == []


def test_a_seat_gets_its_own_messages_and_everybodys(store: Reports) -> None:
    store.push(None, "to all")
    store.push(1, "to one")
    store.push(2, "to two")
    heard = store.messages(1)
    assert [each["text"] for each in heard] == ["to all", "to one"]
    assert store.messages(1, heard[-1]["id"]) == []


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("code", {}),
        ("cell", {}),
        ("cell", []),
        ("cell", {"notebook": "00-welcome", "cell": "1", "of": 8}),
        ("cell", {"notebook": None, "cell": 1, "of": 8}),
        ("lab", {"lab": "01", "reached": True, "of": 4}),
        ("answer", {"question": "q", "choice": ["a"], "right": False}),
        ("hand", {"up": True, "question": "x" * 2**16}),
        ("hand", {"up": True, "question": "x", "code": "print(1)"}),
        ("handshake", {"hops": [{"seq": 1}]}),
        ("handshake", {"hops": ["a hop"]}),
    ],
)
def test_a_report_that_no_seat_of_ours_sends_is_refused(
    store: Reports, kind: str, facts: Any
) -> None:
    with pytest.raises(ValueError, match="a report is one of"):
        store.report(1, kind, facts)
    assert standing(store.reports(), PLAN, now=0) == []


def test_one_seat_fills_no_disk(store: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_store, "MOST_OF_ONE_SEAT", 5)
    for number in range(8):
        store.report(1, "cell", {"notebook": "00-welcome", "cell": number, "of": 8})
    assert [each["facts"]["cell"] for each in store.reports(1)] == [3, 4, 5, 6, 7]


def test_the_plan_has_the_minutes_of_every_notebook_and_of_every_lab() -> None:
    plan = plan_of(ROOT)
    assert {path.stem for path in (ROOT / "notebooks").glob("0*.ipynb")} <= set(plan)
    assert {lab.id: lab.minutes for lab in all_labs()}.items() <= plan.items()
