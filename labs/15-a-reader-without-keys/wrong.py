"""A reader without keys: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


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


def close_without_looking(world: World) -> None:
    """Right, but what it was about has not been seen."""
    scene = Scene(world, "lab-15")
    scene.set_trust(scene.trust_policy())


FIXES = [close_without_looking, any_namespace, subject_only]
