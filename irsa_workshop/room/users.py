"""The Linux users of a room's board and seats: numbers that no other open room here has."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from irsa_helpers.errors import IrsaLabError

# Numbers that no Linux distribution gives to anybody. Source: systemd, UIDS-GIDS.md ("unused").
NUMBERS = range(60706, 61184)
LOCKS = Path("/run/irsa-lab-rooms.lock")
"""A byte for each number, locked by the room that has it: a lock ends with its process."""


@contextmanager
def of_a_room(count: int, *, earlier: int | None = None) -> Iterator[int]:
    """The first of `count` numbers in a row, which are nobody else's until the block ends.

    `earlier`: the first one that this room had before, for its files belong to these users.
    Raises IrsaLabError where another open room has them.
    """
    firsts = range(NUMBERS.start, NUMBERS.stop - count + 1) if earlier is None else [earlier]
    with os.fdopen(os.open(LOCKS, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        for first in firsts:
            if _locked(file.fileno(), first, count):
                yield first
                return
    raise IrsaLabError(
        "another room that is open on this machine has this room's Linux users",
        next_step="close that one, or open this one with fewer seats or in another FOLDER",
    )


def _locked(file: int, first: int, count: int) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, count, first)
    except OSError:  # somebody has one of them: EACCES or EAGAIN, fcntl(2)
        return False
    return True
