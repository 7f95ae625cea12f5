"""Who sits where: the names that learners gave, and the seat of each.

To everything else a learner is a seat's number. Names are kept here alone, and go with one file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import time
import unicodedata
from contextlib import closing
from dataclasses import dataclass

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS seats (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    salt BLOB NOT NULL,
    own_word BLOB,
    shares INTEGER NOT NULL,
    back_until REAL NOT NULL DEFAULT 0
)
"""
LONGEST_NAME = 60
BACK_SECONDS = 600


@dataclass(frozen=True)
class Seat:
    """One taken seat; `shares`: the learner wants to be seen on the instructor's board."""

    number: int
    name: str
    shares: bool

    @property
    def user(self) -> str:
        """What the hub calls it."""
        return user_name(self.number)


def user_name(number: int) -> str:
    """The hub's user of a seat: `seat-07`."""
    return f"seat-{number:02}"


def seat_number(user: str) -> int | None:
    """The number of such a user; None for another, such as the instructor."""
    word, _, number = user.partition("-")
    return int(number) if word == "seat" and number.isdecimal() else None


class Registry(Store):
    """The seats of one room, in a SQLite file."""

    tables = (SCHEMA,)

    def create(self, owner: int) -> None:
        """The file is there, and that user's alone."""
        os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._connect().close()
        if os.geteuid() == 0:
            os.chown(self._path, owner, owner)

    def seats(self) -> dict[int, Seat]:
        """The taken seats by number."""
        rows = self._read("SELECT number, name, shares FROM seats")
        return {row[0]: Seat(row[0], row[1], bool(row[2])) for row in rows}

    def claim(self, name: str, own_word: str, *, shares: bool, most: int) -> Seat:
        """The seat of that name, a free one for a new name.

        Who comes back without the browser they came with has to know their own word, or be let in
        by the instructor. Raises IrsaLabError where the name is none, or another's, or no seat is
        free.
        """
        shown = " ".join(unicodedata.normalize("NFC", name).split())[:LONGEST_NAME]
        key = unicodedata.normalize("NFKC", shown).casefold()
        if not key.isprintable() or not key:
            raise IrsaLabError("that is no name", next_step="give a name that can be read aloud")
        with closing(self._connect()) as database, database:
            database.execute("BEGIN IMMEDIATE")
            query = "SELECT number, name, shares, salt, own_word, back_until FROM seats"
            row = database.execute(f"{query} WHERE key = ?", (key,)).fetchone()
            if row is None:
                return _take(database, shown, key, own_word, shares, most)
            _check_back(row, own_word)
            database.execute("UPDATE seats SET back_until = 0 WHERE number = ?", (row[0],))
            return Seat(row[0], row[1], bool(row[2]))

    def let_back(self, number: int) -> None:
        """For ten minutes, that seat's name is enough to come back to it, once."""
        self._write(
            "UPDATE seats SET back_until = ? WHERE number = ?", time.time() + BACK_SECONDS, number
        )

    def share(self, number: int, shares: bool) -> None:
        """That learner wants to be seen on the board, or not."""
        self._write("UPDATE seats SET shares = ? WHERE number = ?", shares, number)


def _take(
    database: sqlite3.Connection, name: str, key: str, own_word: str, shares: bool, most: int
) -> Seat:
    taken = {number for (number,) in database.execute("SELECT number FROM seats")}
    free = next((number for number in range(1, most + 1) if number not in taken), None)
    if free is None:
        raise IrsaLabError(
            f"all {most} seats are taken", next_step="tell your instructor: SEATS=N makes more"
        )
    salt = os.urandom(16)
    hashed = _hash(own_word, salt) if own_word else None
    database.execute(
        "INSERT INTO seats (number, name, key, salt, own_word, shares) VALUES (?, ?, ?, ?, ?, ?)",
        (free, name, key, salt, hashed, shares),
    )
    return Seat(free, name, shares)


def _check_back(row: tuple[int, str, int, bytes, bytes | None, float], own_word: str) -> None:
    number, _, _, salt, hashed, back_until = row
    if hashed and own_word and hmac.compare_digest(_hash(own_word, salt), hashed):
        return
    if time.time() < back_until:
        return
    raise IrsaLabError(
        "somebody sits in the room by that name",
        next_step="take another name; if it is you, in another browser, give your own word "
        f"or ask your instructor to let seat {number} back in",
    )


def _hash(word: str, salt: bytes) -> bytes:
    return hashlib.scrypt(word.encode(), salt=salt, n=2**14, r=8, p=1)
