"""Meant to save work: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def all_that_begin_so(world: World) -> None:
    """Whoever may make a ServiceAccount calls it `app-sa-too`."""
    scene = Scene(world, "lab-03")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): f"{scene.subject}*"},
            }
        )
    )


def admit_the_namespace(world: World) -> None:
    """Under StringLike the whole namespace gets in."""
    scene = Scene(world, "lab-03")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): f"system:serviceaccount:{scene.namespace}:*"},
            }
        )
    )


FIXES = [all_that_begin_so, admit_the_namespace]
