"""A room's folders, words and users: what its launcher decides and its hub reads."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_workshop.room.users import NUMBERS

VARIABLE = "IRSA_LAB_ROOM"
"""The file that describes the room, for the hub and the board to read."""
MOST_SEATS = len(NUMBERS) - 1  # the board is a user as well
# What a room takes, measured by `python -m benchmarks room`: two open notebooks a seat.
SEAT_MEBIBYTES = 210
ROOM_MEBIBYTES = 700
SEAT_PROCESSOR_SECONDS = 3  # until its first cell has answered
SEAT_DISK_MEBIBYTES = 30
ARRIVAL_SECONDS = 90  # in which all of them should have begun
# Short, told apart when read aloud, and typed alike on every keyboard.
WORDS = (
    *("amber", "anchor", "apple", "bamboo", "basket", "beacon", "birch", "bridge", "cactus"),
    *("candle", "canyon", "castle", "cedar", "cherry", "cliff", "cloud", "clover", "comet"),
    *("copper", "coral", "desert", "dolphin", "eagle", "ember", "falcon", "feather", "forest"),
    *("garden", "ginger", "glacier", "hammer", "harbor", "hazel", "island", "ivory", "jungle"),
    *("lagoon", "lantern", "lemon", "lotus", "maple", "marble", "meadow", "mango", "nectar"),
    *("ocean", "olive", "orbit", "orchid", "otter", "panda", "pepper", "pillow", "planet"),
    *("pocket", "rabbit", "ribbon", "river", "rocket", "saddle", "salmon", "silver", "spring"),
    *("summit", "sunset", "thunder", "tiger", "timber", "tulip", "valley", "velvet", "violin"),
    *("walnut", "willow", "window", "winter", "wonder", "yellow", "zebra"),
)


@dataclass(frozen=True)
class Room:
    """A room of `seats` seats in `folder`, reached at `host`:`port`; the rest follows.

    `first_user` is the number of the board's Linux user, and the seats' follow; 0: all is this
    process's own user, which is not root.
    """

    folder: Path
    project: Path
    forks: Path
    seats: int
    host: str
    port: int
    word: str
    instructor_word: str
    idle_minutes: int
    first_user: int
    certificate: str = ""
    key: str = ""

    @classmethod
    def from_environment(cls) -> Room:
        """The room that this process belongs to. Raises IrsaLabError outside of one."""
        file = os.environ.get(VARIABLE)
        described = state.read_object(Path(file)) if file else None
        if described is None:
            raise IrsaLabError("this is no room's process", next_step="make workshop SEATS=30")
        paths = {name: Path(described[name]) for name in ("folder", "project", "forks")}
        return cls(**(described | paths))

    @property
    def own_users(self) -> bool:
        """Whether each seat is a Linux user of its own."""
        return self.first_user > 0

    @property
    def scheme(self) -> str:
        """How browsers reach the room."""
        return "https" if self.certificate else "http"

    @property
    def file(self) -> Path:
        """Where it is described, for root or the instructor alone."""
        return self.folder / "room.json"

    @property
    def hub_folder(self) -> Path:
        """What the hub keeps: its database, its secrets, its log."""
        return self.folder / "hub"

    @property
    def ports(self) -> dict[str, int]:
        """Name -> port of what stands behind `port`, on loopback alone."""
        names = ("proxy", "hub", "board")
        return {name: self.port + place for place, name in enumerate(names, 1)}

    @property
    def board_folder(self) -> Path:
        """What the board keeps, and the names."""
        return self.folder / "board"

    @property
    def registry(self) -> Path:
        """The file of the names."""
        return self.board_folder / "seats.sqlite3"

    def write(self) -> None:
        """The hub and the board can read it."""
        described = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
        }
        state.write_private(self.file, json.dumps(described, indent=2))

    def user_of(self, seat: int) -> int:
        """The user and group number of that seat; this process's own where it is not root."""
        return self.first_user + seat if self.own_users else os.geteuid()

    @property
    def board_user(self) -> int:
        """The user and group number of the board."""
        return self.user_of(0)

    def seat_folder(self, seat: int) -> Path:
        """The home of that seat's learner."""
        return self.folder / "seats" / f"{seat:02}"

    def make_seat(self, seat: int) -> Path:
        """That home is there, its learner's alone; returns it."""
        folder = self.seat_folder(seat)
        _own_folder(folder, self.user_of(seat))
        return folder

    def make(self) -> None:
        """The room's folders are there: a seat passes through the outer ones, and lists none."""
        for folder in (self.folder, self.folder / "seats"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711)
        _own_folder(self.hub_folder, os.geteuid())
        _own_folder(self.board_folder, self.board_user)


def _own_folder(folder: Path, user: int) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and folder.stat().st_uid != user:
        os.chown(folder, user, user)


def new_word() -> str:
    """A word for a room: easy to say, and a second a try makes it hard to guess in a day."""
    first, second = secrets.choice(WORDS), secrets.choice(WORDS)
    return f"{first}-{second}-{secrets.randbelow(900) + 100}"


def new_secret() -> str:
    """A word for the instructor, which nobody can guess."""
    return secrets.token_urlsafe(24)
