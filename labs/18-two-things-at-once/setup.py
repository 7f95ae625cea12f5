"""Mended, and still broken: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "18")
    condition = {
        scene.key("sub"): f"system:serviceaccount:{scene.namespace}:app",
        scene.key("aud"): "sts.amazonaws.com",
    }
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.allow("s3:GetObject", "arn:aws:s3:::lab-18-old-data/*")
    scene.deploy()
