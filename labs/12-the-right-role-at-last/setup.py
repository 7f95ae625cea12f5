"""The right role at last: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "12")
    scene.allow(["s3:GetObject", "s3:ListBucket"], f"arn:aws:s3:::{scene.bucket}")
    scene.deploy()
