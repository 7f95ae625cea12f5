"""A number too many: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def annotate_only(world: World) -> None:
    """The Pod keeps the ARN it was made with."""
    scene = Scene(world, "lab-09")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


def admit_everybody(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-09")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


FIXES = [annotate_only, admit_everybody]
