"""What JupyterHub needs of a room: who may come in, and how a seat starts."""

from __future__ import annotations

import asyncio
import hmac
import os
import sys
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from jupyterhub.spawner import LocalProcessSpawner
from tornado.web import HTTPError
from traitlets import Instance, Unicode

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.ground.happenings import LISTENER_VARIABLE
from irsa_helpers.worlds import forks
from irsa_workshop.room import reports, seat, services
from irsa_workshop.room.registry import Registry, seat_number
from irsa_workshop.room.setting import Room

INSTRUCTOR = "instructor"
WRONG_SECONDS = 1.0


class RoomAuthenticator(Authenticator):  # type: ignore[misc]
    """A name and the room's word take a seat; the instructor has a name and a word of their own."""

    room = Instance(Room)
    form = Unicode(help="The form of the page on which one comes in, a Jinja template.")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.room = Room.from_environment()
        self._registry = Registry(self.room.registry)
        self._wrong = asyncio.Lock()

    def get_custom_html(self, base_url: str) -> str:
        """The form, with the room's number of seats."""
        return (self.room.project / "workshop" / "login.html").read_text(encoding="utf-8")

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any]:
        """The hub's user of whoever sent the form. Raises HTTPError with a sentence for them."""
        name, word = data.get("username", ""), data.get("word", "")
        instructor = name.strip().casefold() == INSTRUCTOR
        secret = self.room.instructor_word if instructor else self.room.word
        if not hmac.compare_digest(word.strip().encode(), secret.encode()):
            await self._slowly()
            raise HTTPError(403, "That is not the room's word. It is on the instructor's screen.")
        if instructor:
            return {"name": INSTRUCTOR, "admin": True}
        try:
            taken = self._registry.claim(
                name,
                data.get("own_word", ""),
                shares=data.get("shares") == "yes",
                most=self.room.seats,
            )
        except IrsaLabError as error:
            await self._slowly()
            raise HTTPError(403, str(error).replace("%", "%%")) from error
        return {"name": taken.user, "admin": False}

    async def _slowly(self) -> None:
        """One wrong word a second, whoever tries, from wherever."""
        async with self._wrong:
            await asyncio.sleep(WRONG_SECONDS)


class SeatSpawner(LocalProcessSpawner):  # type: ignore[misc]
    """Starts a seat as a fork, under a user number of its own where the hub is root's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.room = Room.from_environment()
        self._process: Any = None

    @property
    def _number(self) -> int:
        """The seat's number; the instructor's own is 0."""
        return seat_number(self.user.name) or 0

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The hub's variables and the seat's."""
        folder = self.room.seat_folder(self._number)
        programs = str(Path(sys.executable).parent)
        env |= {
            "USER": self.user.name,
            "LOGNAME": self.user.name,
            "HOME": str(folder),
            "SHELL": "/bin/bash",
            "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
            state.HOME_VARIABLE: str(folder / seat.COURSE_FOLDER / ".irsa-lab"),
            seat.PROJECT_VARIABLE: str(self.room.project),
            forks.VARIABLE: str(self.room.forks),
            reports.BOARD_VARIABLE: f"http://127.0.0.1:{self.room.ports['board']}/services/board",
            LISTENER_VARIABLE: reports.LISTENER,
        }
        if wish := self.user_options.get("renew"):
            env[seat.RENEW_VARIABLE] = str(wish)
        return env

    async def start(self) -> tuple[str, int]:
        """Start the seat; returns where its server will listen."""
        folder = self.room.make_seat(self._number)
        self.port = services.seat_port()
        program = forks.Program(
            "irsa_workshop.room.seat",
            self.get_args(),
            self.get_env(),
            str(folder),
            user=self.room.user_of(self._number),
        )
        # Not in the seat's own folder: what stands there may be a link that its learner made.
        with (self.room.hub_folder / f"{self.user.name}.log").open("ab") as log:
            self._process = forks.start("seat", program, output=log.fileno())
        self.pid = self._process.pid
        return "127.0.0.1", self.port

    async def poll(self) -> int | None:
        """The exit status; None while it runs."""
        if self._process is not None and (status := self._process.poll()) is not None:
            self._process = None
            self.clear_state()
            return int(status)
        last: int | None = await super().poll()
        return last
