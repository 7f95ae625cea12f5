"""Everyone has checked: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "07", annotated=False)
    scene.deploy()
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
