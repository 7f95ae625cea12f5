"""The vendor reads once: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "24")
    scene.annotate({"eks.amazonaws.com/token-expiration": "600"})
    scene.deploy_with_copied_token()
    world.advance_clock(7200, namespace=scene.namespace)
