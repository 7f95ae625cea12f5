"""Only for an hour: what must work again."""

from irsa_helpers.labs.goals import permits_only_read, reads_later, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World

MORE_THAN_AN_HOUR = 3700


def check(world: World) -> list[Goal]:
    """Each goal with what was seen; an hour passes meanwhile."""
    scene = Scene(world, "lab-34")
    later = reads_later(scene, MORE_THAN_AN_HOUR)
    return [later, trusts_only_app(scene), permits_only_read(scene)]
