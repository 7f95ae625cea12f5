"""Only for an hour: a way to mend it."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The copied session is gone; the SDK gets its own by the token, and renews it."""
    Scene(world, "lab-34").deploy()
