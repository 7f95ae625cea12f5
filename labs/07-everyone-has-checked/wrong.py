"""Everyone has checked: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-07")
    scene.deploy(environment=scene.static_keys())


def a_session_of_the_role(world: World) -> None:
    """The right role, for an hour: nobody renews what was copied."""
    scene = Scene(world, "lab-07")
    scene.deploy(environment=scene.session_keys())


FIXES = [static_keys, a_session_of_the_role]
