"""A cluster unknown to AWS: the world at the lab's start."""

from irsa_helpers import oidc
from irsa_helpers.labs.scene import build_scene
from irsa_helpers.world import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "21")
    oidc.ensure_no_provider(world)
    scene.deploy()
