"""The data moved: what must work again."""

from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    return chain_goals(in_account(world, "444455556666"), "21")
