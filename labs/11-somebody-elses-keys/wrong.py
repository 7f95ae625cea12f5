"""Somebody was here first: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def keys_that_work(world: World) -> None:
    """The keys work, but the app is a person then."""
    scene = Scene(world, "lab-11")
    scene.deploy(environment=scene.static_keys())


def more_rights(world: World) -> None:
    """More rights do not help, and stay as a danger."""
    scene = Scene(world, "lab-11")
    scene.allow("s3:*", "*")


FIXES = [keys_that_work, more_rights]
