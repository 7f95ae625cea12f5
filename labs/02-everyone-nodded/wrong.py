"""Spelled right, refused all the same: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def drop_the_subject(world: World) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene = Scene(world, "lab-02")
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


def whatever_the_first_letter(world: World) -> None:
    """One sign that may be any: `xpp-sa` gets in as well."""
    scene = Scene(world, "lab-02")
    pattern = f"system:serviceaccount:{scene.namespace}:?pp-sa"
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): pattern},
            }
        )
    )


FIXES = [drop_the_subject, whatever_the_first_letter]
