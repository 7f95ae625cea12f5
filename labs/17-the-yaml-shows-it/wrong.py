"""The YAML shows it: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def restart_only(world: World) -> None:
    """The webhook reads no role from a Pod."""
    scene = Scene(world, "lab-17")
    scene.restart()


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-17")
    scene.deploy(environment=scene.static_keys())


FIXES = [restart_only, static_keys]
