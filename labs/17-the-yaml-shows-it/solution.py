"""The YAML shows it: a way to mend it."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    scene = Scene(world, "lab-17")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.restart()
