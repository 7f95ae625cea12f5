"""Refused all the same: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "09")
    arn = scene.role_arn.replace(world.cluster.account_id, "444455556666")
    scene.annotate({"eks.amazonaws.com/role-arn": arn})
    scene.deploy()
