"""A cluster unknown to AWS: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-21")
    scene.deploy(environment=scene.static_keys())


def admit_everybody(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-21")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


FIXES = [static_keys, admit_everybody]
