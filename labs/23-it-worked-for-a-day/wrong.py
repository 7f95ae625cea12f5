"""It worked for a day: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def restart_only(world: World) -> None:
    """It works until tomorrow: that is what they do every morning."""
    Scene(world, "lab-23").restart()


def longer_life(world: World) -> None:
    """The longest life is a day."""
    scene = Scene(world, "lab-23")
    scene.annotate({"eks.amazonaws.com/token-expiration": "86400"})
    scene.restart()


def static_keys(world: World) -> None:
    """A person's keys do not end. That is what is wrong with them."""
    scene = Scene(world, "lab-23")
    scene.deploy(environment=scene.static_keys())


FIXES = [restart_only, longer_life, static_keys]
