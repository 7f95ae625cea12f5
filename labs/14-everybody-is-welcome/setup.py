"""Everybody is welcome: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "14")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )
    scene.deploy()
    scene.note_start()
