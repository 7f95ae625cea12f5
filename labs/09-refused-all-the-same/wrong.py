"""Refused all the same: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def annotate_only(world: World) -> None:
    """The Pod keeps the ARN it was made with."""
    scene = Scene(world, "lab-09")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


def a_token_by_hand(world: World) -> None:
    """A token that somebody made and put into a Secret: the kubelet does not renew it."""
    scene = Scene(world, "lab-09")
    scene.deploy_with_token_by_hand()


FIXES = [annotate_only, a_token_by_hand]
