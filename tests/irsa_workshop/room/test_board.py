"""The board as instructor and learners meet it, over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from irsa_workshop.room.learner import Learner
from irsa_workshop.room.trial import OpenRoom

BOARD = "services/board"


async def instructor(room: OpenRoom, learner: Learner) -> None:
    await learner.come_in("instructor", room.instructor_word)
    async with learner.http.get(f"{room.url}/{BOARD}/") as page:
        assert page.status == 200
    learner.base = f"{room.url}/{BOARD}"


def as_instructor(room: OpenRoom, method: str, path: str, **options: Any) -> Any:
    """What the board answers to the instructor; of its events the first."""

    async def ask() -> Any:
        async with Learner(room.url) as learner:
            await instructor(room, learner)
            if path.startswith("events"):
                async with learner.http.get(f"{learner.base}/{path}") as stream:
                    return json.loads((await stream.content.readline())[len("data: ") :])
            if path == "export.csv":
                async with learner.http.get(f"{learner.base}/{path}") as answer:
                    return await answer.text()
            return await learner.ask(method, path, **options)

    return asyncio.run(ask())


def row_of(room: OpenRoom, name: str) -> dict[str, Any]:
    told = as_instructor(room, "GET", "events?names=yes")
    found: dict[str, Any] = next(row for row in told["rows"] if row["name"] == name)
    return found


def row_with(room: OpenRoom, name: str, key: str) -> dict[str, Any]:
    """That seat's row, once it says so."""
    deadline = time.monotonic() + 30
    while not (row := row_of(room, name)).get(key) and time.monotonic() < deadline:
        time.sleep(0.3)
    return row


def mine(visit: Any, name: str, **sent: Any) -> dict[str, Any]:
    async def ask(learner: Learner) -> Any:
        async with learner.http.get(f"{learner.url}/{BOARD}/me") as page:
            assert page.status == 200
        learner.base = f"{learner.url}/{BOARD}"
        if sent:
            await learner.ask("POST", "mine", json=sent)
        return await learner.ask("GET", "mine")

    found: dict[str, Any] = visit(name, ask)
    return found


@pytest.fixture(scope="module")
def _worked(visit: Any, seats: dict[str, Any]) -> None:
    """Ana has run a cell, answered wrongly, raised her hand and shown her handshake."""

    async def work(learner: Learner) -> None:
        notebook = await learner.open("notebooks/00-welcome.ipynb")
        first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        await learner.run("".join(first["source"]))
        await learner.run(
            "from irsa_helpers import catch_up\n"
            "catch_up(world, through='deployment')\n"
            "from irsa_helpers.ground.happenings import happened\n"
            "from irsa_workshop.room.reports import raise_hand, show_handshake\n"
            "happened('answer', question='which arrow?', choice='arrow 2', right=False)\n"
            "raise_hand('what is an audience?')\n"
            "show_handshake()"
        )

    visit("Ana", work)


@pytest.mark.usefixtures("_worked")
def test_the_instructor_sees_who_is_where_and_what_they_ask(room: OpenRoom) -> None:
    row = row_with(room, "Ana", "handshake")
    assert (row["notebook"], row["cell"]) == ("00-welcome", 1)
    assert row["question"] == "what is an audience?"
    assert row["plan"] == 10
    assert row["handshake"][0].keys() >= {"source", "target", "outcome"}
    told = as_instructor(room, "GET", "events?names=yes")
    assert told["wrong"][0]["choice"] == "arrow 2"
    assert told["median"].startswith("00-welcome")


@pytest.mark.usefixtures("_worked")
def test_the_projector_and_the_csv_have_no_names(room: OpenRoom) -> None:
    row_with(room, "Ana", "handshake")
    shown = json.dumps(as_instructor(room, "GET", "events?names=no"))
    exported = as_instructor(room, "GET", "export.csv")
    for text in (shown, exported):
        assert "Ana" not in text
    assert "what is an audience?" not in shown
    assert "00-welcome" in exported


@pytest.mark.usefixtures("_worked")
def test_a_learner_sees_all_that_the_board_has_of_them(room: OpenRoom, visit: Any) -> None:
    row_with(room, "Ana", "handshake")
    kinds = {each["kind"] for each in mine(visit, "Ana")["reports"]}
    assert kinds == {"cell", "answer", "hand", "handshake"}
    assert all(each["seat"] == mine(visit, "Bo")["seat"] for each in mine(visit, "Bo")["reports"])


def test_whoever_says_no_is_forgotten_and_stays_so(room: OpenRoom, visit: Any) -> None:
    mine(visit, "Bo", hand=True, question="me too")
    assert row_of(room, "Bo")["hand"]
    assert mine(visit, "Bo", shares=False)["reports"] == []

    async def work(learner: Learner) -> None:
        await learner.run(
            "from irsa_workshop.room import reports\n"
            "reports.raise_hand('psst')\n"
            "reports._sender.submit(int).result()  # what was sent before it has arrived"
        )

    visit("Bo", work)
    row = row_of(room, "Bo")
    assert not row["shares"]
    assert not row.get("hand")
    assert mine(visit, "Bo", shares=True)["shares"]


def test_a_hint_reaches_the_next_cell(room: OpenRoom, visit: Any) -> None:
    as_instructor(
        room, "POST", "push", json={"text": "look at :sub", "notebook": "03-trust-policy"}
    )

    async def work(learner: Learner) -> str:
        said, deadline = "", time.monotonic() + 60
        while "look at :sub" not in said and time.monotonic() < deadline:
            said += await learner.run(
                "from irsa_workshop.room.reports import lower_hand; lower_hand()"
            )
            said += await learner.run("1")  # whichever of the two ends first after the answer
            await asyncio.sleep(0.2)
        return said

    assert "look at :sub" in visit("Ana", work)
    assert mine(visit, "Ana")["messages"][-1]["link"].endswith("03-trust-policy.ipynb")


@pytest.mark.parametrize("path", ["", "events", "export.csv"])
def test_a_learner_does_not_get_the_board(visit: Any, path: str) -> None:
    async def ask(learner: Learner) -> int:
        async with learner.http.get(f"{learner.url}/{BOARD}/{path}") as answer:
            return answer.status

    assert visit("Bo", ask) == 403


def test_a_page_of_another_site_changes_nothing(room: OpenRoom) -> None:
    async def ask() -> list[int]:
        found = []
        async with Learner(room.url) as learner:
            await instructor(room, learner)
            for path in ("wipe", "push", "seats/1/back"):
                async with learner.http.post(f"{learner.base}/{path}", json={}) as answer:
                    found.append(answer.status)
        return found

    assert asyncio.run(ask()) == [403, 403, 403]


def test_a_fresh_world_keeps_the_learners_notebooks(room: OpenRoom, visit: Any) -> None:
    async def spoil(learner: Learner) -> int:
        await learner.run("open('mine.txt', 'w').write('kept')")
        return int(learner.user.removeprefix("seat-"))

    async def look(learner: Learner) -> str:
        return await learner.run("import glob; print(glob.glob('../notebooks*/mine.txt'))")

    seat = visit("Bo", spoil)
    as_instructor(room, "POST", f"seats/{seat}/renew", json={})
    assert "notebooks-until-" in visit("Bo", look)


@pytest.mark.usefixtures("_worked")
def test_wiped_is_wiped(room: OpenRoom) -> None:
    as_instructor(room, "POST", "wipe", json={})
    assert as_instructor(room, "GET", "export.csv").split() == ["seat,at,kind,facts"]
