"""Allowed, and denied: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def more_rights(world: World) -> None:
    """An explicit deny wins over any allow."""
    scene = Scene(world, "lab-13")
    scene.allow("s3:*", "*")


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-13")
    scene.deploy(environment=scene.static_keys())


FIXES = [more_rights, static_keys]
