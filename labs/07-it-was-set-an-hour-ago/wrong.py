"""It was set an hour ago: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-07")
    scene.deploy(environment=scene.static_keys())


def more_rights(world: World) -> None:
    """More rights do not help, and stay as a danger."""
    scene = Scene(world, "lab-07")
    scene.allow("s3:*", "*")


FIXES = [static_keys, more_rights]
