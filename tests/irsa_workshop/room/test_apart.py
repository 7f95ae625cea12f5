"""What a learner tries against another and against the room, from the kernel as learners can."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
import pytest

from irsa_workshop.room import zygote
from irsa_workshop.room.learner import Learner
from irsa_workshop.room.trial import OpenRoom

needs_users = pytest.mark.skipif(
    os.geteuid() != 0, reason="seats are users of their own only where root opens the room"
)

TRY = """
import os
def tried(path):
    try:
        return 'read' if os.path.isdir(path) and os.listdir(path) or open(path, 'rb').read() else ''
    except OSError as error:
        return type(error).__name__
"""


def refused(visit: Any, code: str) -> str:
    async def attempt(learner: Learner) -> str:
        return await learner.run(TRY + code)

    return str(visit("Bo", attempt))


@needs_users
@pytest.mark.parametrize(
    "path",
    [
        "{home}",
        "{home}/irsa-lab/notebooks/00-welcome.ipynb",
        "{lab}/state.json",
        "{lab}/kubeconfig",
        "{lab}/identity.json",
        "{lab}/progress.sqlite3",
        "/proc/{pid}/environ",
        "/proc/{sandbox_pid}/mem",
        "/proc/{pid}/fd",
    ],
)
def test_a_learner_reads_nothing_of_another(visit: Any, seats: dict[str, Any], path: str) -> None:
    named = path.format(**seats["Ana"])
    assert "PermissionError" in refused(visit, f"print(tried({named!r}))")


@needs_users
@pytest.mark.parametrize(
    "path",
    [
        "room.json",
        "hub",
        "hub/cookie-secret",
        "hub/seat-01.log",
        "board",
        "board/seats.sqlite3",
        "seats",
    ],
)
def test_a_learner_reads_nothing_of_the_room(room: OpenRoom, visit: Any, path: str) -> None:
    assert "PermissionError" in refused(visit, f"print(tried({str(room.folder / path)!r}))")


@needs_users
def test_a_learner_ends_no_program_of_another(visit: Any, seats: dict[str, Any]) -> None:
    for name in ("pid", "sandbox_pid"):
        code = f"try:\n    os.kill({seats['Ana'][name]}, 9)\nexcept OSError as e: print(type(e))"
        assert "PermissionError" in refused(visit, code)


@needs_users
def test_the_zygote_forks_for_no_other_user(visit: Any, seats: dict[str, Any]) -> None:
    code = (
        "from irsa_helpers.worlds import forks\n"
        "def ask(user):\n"
        "    program = forks.Program('this', [], dict(os.environ), '/', user=user)\n"
        "    try:\n"
        "        return str(forks.start('kernel', program, output=2).pid)\n"
        "    except OSError as error:\n"
        "        return str(error)\n"
        f"print(ask({seats['Ana']['uid']})); print(ask(0))"
    )
    assert refused(visit, code).count("may not start a program as user") == 2


@needs_users
def test_a_learner_takes_neither_the_machines_memory_nor_the_hubs_turn(visit: Any) -> None:
    said = refused(
        visit,
        "try:\n    bytearray(3 << 30)\nexcept MemoryError: print('no more', os.nice(0))\n"
        "try:\n    os.nice(-1)\nexcept PermissionError: print('no sooner')",
    )
    assert f"no more {min(19, os.nice(0) + zygote.AFTER_THE_HUB)}\n" in said
    assert "no sooner" in said


def test_a_sandbox_answers_its_own_learner_alone(visit: Any, seats: dict[str, Any]) -> None:
    ana = seats["Ana"]
    code = (
        "import boto3, requests, urllib3\nurllib3.disable_warnings()\n"
        f"sts = boto3.client('sts', endpoint_url={ana['aws']!r})\n"
        "try:\n    print(sts.get_caller_identity()['Arn'])\n"
        "except Exception as error: print(error)\n"
        f"print(requests.get({ana['server'] + '/api/v1/secrets'!r}, verify=False).status_code)\n"
        f"print(requests.get({ana['control'] + '/trace'!r}).status_code)\n"
    )
    said = refused(visit, code)
    assert "InvalidClientTokenId" in said
    assert "401" in said or "403" in said
    assert "200" not in said


def test_a_kernel_has_no_debugger_that_others_could_reach(visit: Any) -> None:
    async def look(learner: Learner) -> Any:
        return await learner.ask("GET", "api/kernelspecs")

    kernels = visit("Bo", look)["kernelspecs"]
    assert [each["spec"]["metadata"]["debugger"] for each in kernels.values()] == [False]


@needs_users
def test_root_writes_nothing_where_a_learner_could_put_a_link(
    room: OpenRoom, seats: dict[str, Any]
) -> None:
    for seat in seats.values():
        home = room.folder / "seats" / seat["user"].removeprefix("seat-")
        assert {path.lstat().st_uid for path in (home, *home.rglob("*"))} == {seat["uid"]}


def test_a_seats_server_lets_nobody_else_in(
    room: OpenRoom, visit: Any, seats: dict[str, Any]
) -> None:
    async def attempt(learner: Learner) -> list[int]:
        ana = f"{room.url}/user/{seats['Ana']['user']}"
        pages = [f"{ana}/api/contents", f"{ana}/api/kernels", f"{ana}/api/terminals"]
        found = []
        for page in pages:
            async with learner.http.get(page) as answer:
                found.append(answer.status)
        return found

    assert set(visit("Bo", attempt)) == {403}


def test_a_seats_token_opens_no_other_seat_and_no_hub(
    room: OpenRoom, visit: Any, seats: dict[str, Any]
) -> None:
    async def look(learner: Learner) -> str:
        return await learner.run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")

    ana = seats["Ana"]["user"]
    headers = {"Authorization": f"token {visit('Bo', look).strip()}"}

    async def ask(method: str, path: str) -> int:
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(method, f"{room.url}/{path}") as answer,
        ):
            return answer.status

    tries = [
        ("GET", f"user/{ana}/api/contents"),
        ("GET", f"hub/api/users/{ana}"),
        ("DELETE", f"hub/api/users/{ana}/server"),
        ("GET", "hub/api/users"),
        ("GET", "services/board/events"),
        ("GET", "services/board/export.csv"),
        ("POST", "services/board/seats/1/renew"),
        ("POST", "services/board/wipe"),
    ]
    found = {path: asyncio.run(ask(method, path)) for method, path in tries}
    assert all(status in (403, 404) for status in found.values()), found
