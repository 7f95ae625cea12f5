"""From memory: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def drop_the_audience(world: World) -> None:
    """Tokens made for others get in."""
    scene = Scene(world, "lab-05")
    condition = {scene.key("sub"): scene.subject}
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))


def drop_all_conditions(world: World) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene = Scene(world, "lab-05")
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


FIXES = [drop_the_audience, drop_all_conditions]
