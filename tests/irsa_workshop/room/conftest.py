"""A room that is open for all the tests of this folder, and two learners who sit in it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from irsa_workshop.room.learner import Learner
from irsa_workshop.room.trial import OpenRoom, opened
from tests.browser.conftest import browser as browser

Visit = Callable[..., Any]
NAMES = ("Ana", "Bo")


@pytest.fixture(scope="session")
def room() -> Iterator[OpenRoom]:
    """A room of four seats, in no folder of pytest's: it closes those to other users."""
    with (
        tempfile.TemporaryDirectory(prefix="room-") as place,
        opened(Path(place) / "room", 4) as found,
    ):
        yield found


@asynccontextmanager
async def seated(room: OpenRoom, name: str, *, shares: bool = True) -> AsyncIterator[Learner]:
    """That learner, on a seat with notebook 00 open; each has a word of their own."""
    async with Learner(room.url) as learner:
        await learner.come_in(name, room.word, own_word=f"of {name}", shares=shares)
        await learner.sit_down()
        await learner.open("notebooks/00-welcome.ipynb")
        yield learner


@pytest.fixture(scope="session")
def visit(room: OpenRoom) -> Callable[[str, Callable[[Learner], Coroutine[Any, Any, Any]]], Any]:
    """`visit("Ana", does)`: what the coroutine `does(learner)` returns, Ana being seated."""

    def run(name: str, does: Callable[[Learner], Coroutine[Any, Any, Any]]) -> Any:
        async def whole() -> Any:
            async with seated(room, name) as learner:
                return await does(learner)

        return asyncio.run(whole())

    return run


@pytest.fixture(scope="session")
def seats(room: OpenRoom, visit: Visit) -> dict[str, dict[str, Any]]:
    """Name -> what the learner of that name finds out about their own seat."""

    async def look(learner: Learner) -> dict[str, Any]:
        told = await learner.run(
            "import json, os\n"
            "from irsa_helpers import connect\nfrom irsa_helpers.ground import state\n"
            "world = connect()\n"
            "print(json.dumps({'uid': os.getuid(), 'home': os.environ['HOME'],"
            " 'lab': str(state.home()), 'aws': os.environ['AWS_ENDPOINT_URL'], 'pid': os.getpid(),"
            " 'control': world.sandbox['control']['url'], 'cwd': os.getcwd(),"
            " 'server': world.sandbox['kubernetes']['server'],"
            " 'sandbox_pid': world.sandbox['pid']}))"
        )
        return {"user": learner.user, **_json(told)}

    return {name: visit(name, look) for name in NAMES}


def _json(told: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told[told.index("{") : told.rindex("}") + 1])
    return found
