"""The vendor reads once: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def restart_only(world: World) -> None:
    """Two hours later it is refused again."""
    Scene(world, "lab-24").restart()


def one_hour(world: World) -> None:
    """Longer, and not long enough."""
    scene = Scene(world, "lab-24")
    scene.annotate({"eks.amazonaws.com/token-expiration": "3600"})
    scene.restart()


def annotation_only(world: World) -> None:
    """The Pod that runs has the token that it was made with."""
    Scene(world, "lab-24").annotate({"eks.amazonaws.com/token-expiration": "86400"})


def another_app(world: World) -> None:
    """It reads the file each time; it is not the vendor's app any more."""
    Scene(world, "lab-24").deploy()


FIXES = [restart_only, one_hour, annotation_only, another_app]
