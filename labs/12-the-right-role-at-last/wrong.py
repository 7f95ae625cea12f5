"""The right role at last: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def allow_all_of_s3(world: World) -> None:
    """More rights do not help, and stay as a danger."""
    scene = Scene(world, "lab-12")
    scene.allow("s3:*", "*")


def open_the_bucket(world: World) -> None:
    """The bucket says yes to the app, and to the whole world."""
    scene = Scene(world, "lab-12")
    scene.set_bucket_policy("*")


FIXES = [allow_all_of_s3, open_the_bucket]
