"""Works in default, denied here: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def drop_the_subject(world: World) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene = Scene(world, "lab-01")
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


def admit_everybody(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-01")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


FIXES = [drop_the_subject, admit_everybody]
