"""The bucket and what is in it: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def allow_all_of_s3(world: World) -> None:
    """More rights do not help, and stay as a danger."""
    scene = Scene(world, "lab-12")
    scene.allow("s3:*", "*")


def allow_all_in_bucket(world: World) -> None:
    """Writing and deleting were not asked for."""
    scene = Scene(world, "lab-12")
    scene.allow("s3:*", f"arn:aws:s3:::{scene.bucket}/*")


FIXES = [allow_all_of_s3, allow_all_in_bucket]
