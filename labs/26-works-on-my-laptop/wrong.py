"""Works on my laptop: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-26")
    scene.deploy(environment=scene.static_keys())


def restart_only(world: World) -> None:
    """The variable is in the template, so it is in the new Pod too."""
    Scene(world, "lab-26").restart()


FIXES = [static_keys, restart_only]
