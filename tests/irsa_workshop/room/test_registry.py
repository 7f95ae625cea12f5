"""Names, seats and the words that lead back to them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_workshop.room.registry import Registry, seat_number, user_name


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    found = Registry(tmp_path / "seats.sqlite3")
    found.create(os.geteuid())
    return found


def claim(registry: Registry, name: str, own_word: str = "", most: int = 3) -> int:
    return registry.claim(name, own_word, shares=True, most=most).number


def test_each_new_name_gets_the_next_seat(registry: Registry) -> None:
    assert [claim(registry, name) for name in ("Ana", "김민지", "Zoë")] == [1, 2, 3]
    assert registry.seats()[2].name == "김민지"


@pytest.mark.parametrize("again", ["ana", " ANA", "Ａｎａ"])
def test_a_taken_name_wants_its_own_word(registry: Registry, again: str) -> None:
    assert claim(registry, "Ana", "blue") == 1
    for wrong in ("", "red"):
        with pytest.raises(IrsaLabError, match="let seat 1 back in"):
            claim(registry, again, wrong)
    assert claim(registry, again, "blue") == 1


def test_without_an_own_word_only_the_instructor_lets_back_in_and_once(registry: Registry) -> None:
    claim(registry, "Ana")
    with pytest.raises(IrsaLabError):
        claim(registry, "Ana", "")
    registry.let_back(1)
    assert claim(registry, "Ana") == 1
    with pytest.raises(IrsaLabError):
        claim(registry, "Ana")


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "a\x00b"])
def test_a_name_can_be_read(registry: Registry, name: str) -> None:
    with pytest.raises(IrsaLabError, match="no name"):
        claim(registry, name)


def test_a_full_room_says_so(registry: Registry) -> None:
    claim(registry, "Ana", most=1)
    with pytest.raises(IrsaLabError, match="all 1 seats are taken"):
        claim(registry, "Bo", most=1)


def test_words_are_not_kept_as_they_are(registry: Registry, tmp_path: Path) -> None:
    claim(registry, "Ana", "my-own-word")
    kept = tmp_path / "seats.sqlite3"
    assert b"my-own-word" not in kept.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_seat_and_its_user_name_one_another() -> None:
    assert seat_number(user_name(7)) == 7
    assert seat_number("instructor") is None
