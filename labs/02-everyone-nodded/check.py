"""Spelled right, refused all the same: what must work again."""

from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.worlds import World


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    return chain_goals(world, "02")
