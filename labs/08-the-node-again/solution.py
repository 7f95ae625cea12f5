"""The node again: a way to mend it."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    scene = Scene(world, "lab-08")
    scene.deploy()
