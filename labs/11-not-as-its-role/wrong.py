"""Not as its role: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def keys_that_work(world: World) -> None:
    """The keys work, but the app is a person then."""
    scene = Scene(world, "lab-11")
    scene.deploy(environment=scene.static_keys())


def keys_of_the_right_role(world: World) -> None:
    """The right role, for an hour: nobody renews what was copied."""
    scene = Scene(world, "lab-11")
    scene.deploy(environment=scene.session_keys())


FIXES = [keys_that_work, keys_of_the_right_role]
