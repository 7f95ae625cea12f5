"""Nobody answers the door: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene, remove_webhook
from irsa_helpers.world import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "20")
    remove_webhook(world)
    scene.deploy()
