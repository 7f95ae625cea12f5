"""Only for an hour: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World

MORE_THAN_AN_HOUR = 3700


def setup(world: World) -> None:
    """The world is broken as the story tells: an hour has passed."""
    scene = build_scene(world, "34")
    scene.deploy(environment=scene.session_keys())
    world.advance_clock(MORE_THAN_AN_HOUR, namespace=scene.namespace)
