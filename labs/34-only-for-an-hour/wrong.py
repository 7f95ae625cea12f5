"""Only for an hour: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def deploy_again(world: World) -> None:
    """It works, for another hour."""
    scene = Scene(world, "lab-34")
    scene.deploy(environment=scene.session_keys())


def keys_that_do_not_end(world: World) -> None:
    """A person's keys do not end. That is what is wrong with them."""
    scene = Scene(world, "lab-34")
    scene.deploy(environment=scene.static_keys())


FIXES = [deploy_again, keys_that_do_not_end]
