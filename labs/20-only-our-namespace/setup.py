"""Only our namespace: the world at the lab's start."""

from irsa_helpers.labs.clearing import exclude_from_webhook
from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "20")
    exclude_from_webhook(world, scene.namespace)
    scene.deploy()
