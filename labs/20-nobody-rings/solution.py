"""Nobody answers the door: a way to mend it."""

from irsa_helpers.labs.scene import Scene, restore_webhook
from irsa_helpers.world import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    scene = Scene(world, "lab-20")
    restore_webhook(world)
    scene.restart()
