"""A lock with one pin: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def any_namespace(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-15")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


def subject_only(world: World) -> None:
    """Tokens made for other audiences get in."""
    scene = Scene(world, "lab-15")
    condition = {scene.key("sub"): scene.subject}
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))


FIXES = [any_namespace, subject_only]
