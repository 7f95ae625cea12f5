"""Mended, and still broken: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def trust_only(world: World) -> None:
    """The role still may not read."""
    scene = Scene(world, "lab-18")
    scene.set_trust(scene.trust_policy())


def all_of_s3(world: World) -> None:
    """Works, and opens everything."""
    scene = Scene(world, "lab-18")
    scene.set_trust(scene.trust_policy())
    scene.allow("s3:*", "*")


FIXES = [trust_only, all_of_s3]
