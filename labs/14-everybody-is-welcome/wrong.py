"""Everybody is welcome: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def audience_only(world: World) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene = Scene(world, "lab-14")
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


def close_the_namespace_door(world: World) -> None:
    """Every ServiceAccount of the namespace still gets in."""
    scene = Scene(world, "lab-14")
    scene.set_trust(
        scene.condition_trust(
            {"StringLike": {scene.key("sub"): f"system:serviceaccount:{scene.namespace}:*"}}
        )
    )


def close_without_looking(world: World) -> None:
    """Right, but what it was about has not been seen."""
    scene = Scene(world, "lab-14")
    scene.set_trust(scene.trust_policy())


FIXES = [close_without_looking, audience_only, close_the_namespace_door]
