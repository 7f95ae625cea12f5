"""The sandbox's time goes forward only, and to no moment that nobody can name."""

from __future__ import annotations

import math
from typing import Any

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.clock import Clock

WRONG = [1e300, math.nan, math.inf, -1, "3600", None, True, 300_000_000_000]


@pytest.mark.parametrize("seconds", WRONG)
def test_a_time_that_leads_nowhere_is_not_kept(seconds: Any) -> None:
    clock = Clock(10)
    with pytest.raises(ValueError, match="expected a number such as 3600"):
        clock.advance(seconds)
    assert clock.offset_seconds == 10


def test_many_steps_do_not_lead_nowhere_either() -> None:
    clock = Clock()
    clock.advance(200_000_000_000)
    with pytest.raises(ValueError, match="year 9000"):
        clock.advance(200_000_000_000)


@pytest.mark.parametrize("seconds", WRONG)
def test_the_sandbox_says_what_it_expects(world: SandboxWorld, seconds: Any) -> None:
    with pytest.raises(IrsaLabError, match="expected a number such as 3600"):
        world.advance_clock(seconds)
