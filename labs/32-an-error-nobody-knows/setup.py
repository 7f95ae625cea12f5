"""An error nobody knows: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "32")
    arn = scene.role_arn.replace(world.cluster.account_id, "")
    scene.annotate({"eks.amazonaws.com/role-arn": arn})
    scene.deploy()
