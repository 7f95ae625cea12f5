"""The Linux users of rooms: no two that are open at a time share one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_workshop.room import users

HOLD = """
import sys
from pathlib import Path
from irsa_workshop.room import users
users.LOCKS = Path(sys.argv[1])
with users.of_a_room(31) as first:
    print(first, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of locks that no room of this machine has."""
    monkeypatch.setattr(users, "LOCKS", tmp_path / "locks")
    return users.LOCKS


@contextmanager
def another_room(locks: Path) -> Iterator[int]:
    """A process that has the users of 30 seats and a board; the first of them."""
    command = [sys.executable, "-c", HOLD, str(locks)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()


def test_two_open_rooms_share_no_user(locks: Path) -> None:
    with another_room(locks) as theirs, another_room(locks) as others, users.of_a_room(5) as ours:
        assert (theirs, others, ours) == tuple(users.NUMBERS[at] for at in (0, 31, 62))


def test_a_room_has_the_users_that_own_its_files(locks: Path) -> None:
    with another_room(locks), users.of_a_room(5, earlier=users.NUMBERS[100]) as first:
        assert first == users.NUMBERS[100]


def test_a_room_whose_users_another_has_is_not_opened(locks: Path) -> None:
    with (
        another_room(locks) as first,
        pytest.raises(IrsaLabError, match="another room"),
        users.of_a_room(5, earlier=first + 30),
    ):
        pass
    with users.of_a_room(5, earlier=first + 30) as ours:  # the other one is closed by now
        assert ours == first + 30


def test_a_room_too_large_for_the_numbers_is_not_opened() -> None:
    with pytest.raises(IrsaLabError, match="fewer seats"), users.of_a_room(len(users.NUMBERS) + 1):
        pass
