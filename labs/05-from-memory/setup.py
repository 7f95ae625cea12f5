"""From memory: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "05")
    condition = {scene.key("sub"): scene.subject, scene.key("aud"): "sts.amazon.com"}
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.deploy()
