"""Works on my laptop: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "26")
    scene.deploy(environment={"AWS_PROFILE": "enginrect-dev", "LOG_LEVEL": "debug"})
