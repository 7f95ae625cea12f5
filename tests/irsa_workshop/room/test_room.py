"""Coming in, and a seat that comes back as it was."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
import urllib.error
import urllib.request
from typing import Any

import psutil
import pytest

from irsa_workshop.room.learner import Learner, RefusedError
from irsa_workshop.room.trial import OpenRoom


async def come_in(room: OpenRoom, name: str, word: str, own_word: str = "") -> str:
    async with Learner(room.url) as learner:
        await learner.come_in(name, word, own_word=own_word)
        await learner.sit_down()
        return learner.user


def test_a_name_and_the_rooms_word_lead_to_notebook_00(room: OpenRoom) -> None:
    async def look() -> tuple[str, str]:
        async with Learner(room.url) as learner:
            await learner.come_in("Ana", room.word, own_word="of Ana")
            return await learner.sit_down(), learner.user

    page, user = asyncio.run(look())
    assert page.endswith(f"/user/{user}/lab/tree/notebooks/00-welcome.ipynb")
    assert "ana" not in page.lower(), "the name is nobody else's to see"


@pytest.mark.parametrize("word", ["", "guess", "instructor"])
def test_another_word_is_refused(room: OpenRoom, word: str) -> None:
    with pytest.raises(RefusedError, match="not the room's word"):
        asyncio.run(come_in(room, "Eve", word))


def test_a_name_is_shown_as_text(room: OpenRoom) -> None:
    async def page() -> str:
        async with Learner(room.url) as learner:
            asked = learner.http.get(f"{room.url}/hub/login", params={"username": '"><script>x'})
            async with asked as answer:
                return await answer.text()

    assert "<script>x" not in asyncio.run(page())


def test_a_name_is_its_first_owners(room: OpenRoom, seats: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="somebody sits in the room by that name"):
        asyncio.run(come_in(room, "ANA ", room.word, "a guess"))
    assert asyncio.run(come_in(room, "ana", room.word, "of Ana")) == seats["Ana"]["user"]


def test_the_instructor_is_not_a_name_to_take(room: OpenRoom) -> None:
    with pytest.raises(RefusedError, match="not the room's word"):
        asyncio.run(come_in(room, "Instructor", room.word))


def test_the_sandbox_and_the_kernel_are_forks(visit: Any) -> None:
    async def look(learner: Learner) -> str:
        return await learner.run(
            "import os\nfrom irsa_helpers import connect\n"
            "print('numbers', os.getpid(), connect().sandbox['pid'])"
        )

    numbers = re.findall(r"numbers (\d+) (\d+)", visit("Ana", look))[0]
    for number in map(int, numbers):
        parent = psutil.Process(number).parent()
        assert parent is not None
        assert "irsa_workshop.room.zygote" in parent.cmdline()


def test_a_seat_that_was_put_by_comes_back_as_it_was(room: OpenRoom, visit: Any) -> None:
    async def work(learner: Learner) -> str:
        await learner.run(
            "from irsa_helpers import catch_up, connect\n"
            "catch_up(connect(), through='role')\n"
            "open('mine.txt', 'w').write('my notes')"
        )
        learner.base = f"{room.url}/hub"
        await learner.ask("DELETE", f"api/users/{learner.user}/server")
        return learner.user

    async def look(learner: Learner) -> str:
        return await learner.run(
            "from irsa_helpers import connect\n"
            "print(open('mine.txt').read(), [role['RoleName'] for role in"
            " connect().aws('iam').list_roles()['Roles']])"
        )

    user = visit("Bo", work)
    _wait_until_gone(room, user)
    found = visit("Bo", look)
    assert "my notes" in found
    assert "enginrect-irsa-role" in found


def _wait_until_gone(room: OpenRoom, user: str) -> None:
    """Nothing of that seat runs: its memory is free for others."""
    folder = room.folder / "seats" / user.removeprefix("seat-")
    owner = folder.stat().st_uid
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        left = [
            process.info
            for process in psutil.process_iter(["uids", "cmdline", "status"])
            if owner != os.geteuid() and process.info["uids"].real == owner
        ]
        if not left and not (folder / "irsa-lab/.irsa-lab/state.json").exists():
            return
        time.sleep(0.2)
    raise AssertionError(f"{user} still runs: {left}")


def test_a_seat_that_was_killed_comes_back_with_its_work(room: OpenRoom, visit: Any) -> None:
    async def end(learner: Learner) -> None:
        await learner.run("open('before.txt', 'w').write('before the end')")
        _server(room, learner.user).kill()
        learner.base = f"{room.url}/hub"
        async with asyncio.timeout(60):
            while (await learner.ask("GET", f"api/users/{learner.user}"))["server"]:
                await asyncio.sleep(0.2)

    async def look(learner: Learner) -> str:
        return await learner.run("print(open('before.txt').read())")

    visit("Bo", end)
    assert "before the end" in visit("Bo", look)


def _server(room: OpenRoom, user: str) -> psutil.Process:
    """The seat's own process: it stands in the learner's copy of the course."""
    course = room.folder / "seats" / user.removeprefix("seat-") / "irsa-lab"
    return next(
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.info["cwd"] == str(course) and process.info["cmdline"][-1] == "seat"
    )


def test_a_cell_goes_on_while_its_connection_is_lost(visit: Any) -> None:
    cell = (
        "import pathlib, time\n"
        "pathlib.Path('begun.txt').touch()\n"
        "while not pathlib.Path('go.txt').exists():\n    time.sleep(0.05)\n"
        "print('goes on')"
    )
    go = {"type": "file", "format": "text", "content": ""}

    async def lose(learner: Learner) -> tuple[str, int]:
        assert learner.connection is not None
        running = asyncio.create_task(learner.run(cell))
        await _until_there(learner, "notebooks", "begun.txt")
        await learner.connection.lose()
        await learner.ask("PUT", "api/contents/notebooks/go.txt", json=go)
        return await running, learner.connection.again

    said, again = visit("Bo", lose)
    # A kernel's first cell is followed by what the room says.
    assert said.startswith("goes on\n")
    assert again == 1


async def _until_there(learner: Learner, folder: str, name: str) -> None:
    """The file is in that folder of the seat."""
    async with asyncio.timeout(60):
        while True:
            listed = await learner.ask("GET", f"api/contents/{folder}")
            if any(file["name"] == name for file in listed["content"]):
                return
            await asyncio.sleep(0.05)


def test_a_killed_hub_comes_back_and_finds_its_seats(room: OpenRoom, visit: Any) -> None:
    async def remember(learner: Learner) -> str:
        await learner.run("kept = 'in the kernel'")
        return learner.kernel

    async def look(learner: Learner) -> tuple[str, str]:
        return learner.kernel, await learner.run("kept")

    kernel = visit("Ana", remember)
    hub = next(each for each in room.programs() if "jupyterhub" in each.cmdline()[3:5])
    hub.kill()
    _wait_for_another_hub(room, hub.pid)
    assert visit("Ana", look) == (kernel, "'in the kernel'")


def _wait_for_another_hub(room: OpenRoom, pid: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{room.url}/hub/login", timeout=5),
        ):
            if all(each.pid != pid for each in room.programs()):
                return
        time.sleep(0.3)
    raise AssertionError("no hub came back")
