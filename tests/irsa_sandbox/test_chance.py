"""What the sandbox makes up: by chance, and with a seed the same each time."""

from __future__ import annotations

import uuid

from irsa_sandbox.chance import Chance


def test_a_seed_gives_the_same_whoever_draws_in_between() -> None:
    one, other = Chance("7"), Chance("7")
    first = [one.uid("pods", "web-1"), one.uid("pods", "web-1")]
    other.uid("events", "another")
    assert [other.uid("pods", "web-1"), other.uid("pods", "web-1")] == first
    assert first[0] != first[1]
    assert Chance("8").uid("pods", "web-1") != first[0]


def test_without_a_seed_nothing_repeats() -> None:
    assert Chance().uid("pods", "web-1") != Chance().uid("pods", "web-1")
    assert uuid.UUID(Chance().uid("pods", "web-1")).version == 4
