"""Not as its role: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "11")
    scene.deploy(
        environment={"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "old"}
    )
