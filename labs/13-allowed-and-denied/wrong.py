"""Word for word: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def more_rights(world: World) -> None:
    """An explicit deny wins over any allow."""
    scene = Scene(world, "lab-13")
    scene.allow("s3:*", "*")


def say_yes_to_everybody(world: World) -> None:
    """No Deny is left, and no lock either."""
    scene = Scene(world, "lab-13")
    scene.set_bucket_policy("*")


FIXES = [more_rights, say_yes_to_everybody]
