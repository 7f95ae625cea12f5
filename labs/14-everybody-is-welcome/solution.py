"""Everybody is welcome: a way to mend it."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The attack is carried out, then made impossible."""
    scene = Scene(world, "lab-14")
    scene.attack()
    scene.set_trust(scene.trust_policy())
