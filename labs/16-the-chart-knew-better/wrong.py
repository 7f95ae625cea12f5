"""The chart knew better: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def restart_only(world: World) -> None:
    """The variable is in the Deployment."""
    scene = Scene(world, "lab-16")
    scene.restart()


def admit_everybody(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-16")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


FIXES = [restart_only, admit_everybody]
