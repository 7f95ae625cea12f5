"""The star that admits nobody: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def admit_everybody(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-03")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
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


FIXES = [admit_everybody, admit_the_namespace]
