"""It worked for a day: what must work again."""

from irsa_helpers.labs.goals import permits_only_read, reads_later, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World

MORE_THAN_A_DAY = 90_000


def check(world: World) -> list[Goal]:
    """Each goal with what was seen; a day passes meanwhile."""
    scene = Scene(world, "lab-23")
    later = reads_later(scene, MORE_THAN_A_DAY)
    return [later, trusts_only_app(scene), permits_only_read(scene)]
