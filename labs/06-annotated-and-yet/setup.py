"""The ticket says done: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "06", annotated=False)
    scene.annotate({"eks.amazonaws.com/role_arn": scene.role_arn})
    scene.deploy()
