"""The data moved: the world at the lab's start."""

from irsa_helpers import oidc
from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    data_account = in_account(world, "444455556666")
    scene = build_scene(data_account, "21")
    oidc.ensure_no_provider(data_account)
    scene.deploy()
