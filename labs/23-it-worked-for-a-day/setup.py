"""It worked for a day: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World

FIRST_LIFE = 600


def setup(world: World) -> None:
    """The world is broken as the story tells: a day has passed."""
    scene = build_scene(world, "23")
    scene.annotate({"eks.amazonaws.com/token-expiration": str(FIRST_LIFE)})
    scene.deploy_with_copied_token()
    world.advance_clock(FIRST_LIFE + 60, namespace=scene.namespace)
