"""A reader without keys: what must work again."""

from irsa_helpers.labs.goals import attacked, chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    return [attacked(Scene(world, "lab-15")), *chain_goals(world, "15")]
