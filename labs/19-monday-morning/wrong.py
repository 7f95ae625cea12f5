"""Monday morning: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def make_it_work(world: World) -> None:
    """The app works; so does everybody else."""
    scene = Scene(world, "lab-19")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.deploy()


def tighten_only(world: World) -> None:
    """Safe, and the app is still down."""
    scene = Scene(world, "lab-19")
    scene.set_trust(scene.trust_policy())


FIXES = [make_it_work, tighten_only]
