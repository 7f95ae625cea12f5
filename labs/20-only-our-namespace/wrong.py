"""Only our namespace: tempting fixes that must not pass."""

from irsa_helpers.labs.clearing import include_in_webhook
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def restart_only(world: World) -> None:
    """The webhook is still not asked, so there is no token."""
    Scene(world, "lab-20").restart()


def selector_only(world: World) -> None:
    """The Pod that runs is as it was made."""
    include_in_webhook(world, "lab-20")


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-20")
    scene.deploy(environment=scene.static_keys())


FIXES = [restart_only, selector_only, static_keys]
