"""The ticket says done: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-06")
    scene.deploy(environment=scene.static_keys())


def annotate_only(world: World) -> None:
    """The Pod was created before the annotation."""
    scene = Scene(world, "lab-06")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


FIXES = [static_keys, annotate_only]
