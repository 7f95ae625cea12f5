"""All values right: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def drop_the_subject(world: World) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene = Scene(world, "lab-04")
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


def ask_for_a_password(world: World) -> None:
    """The session's name is chosen by whoever asks for it, so it keeps nobody out."""
    scene = Scene(world, "lab-04")
    policy = scene.trust_policy()
    named = {scene.key("aud"): "sts.amazonaws.com", "sts:RoleSessionName": "the-real-app"}
    policy["Statement"] += scene.condition_trust({"StringEquals": named})["Statement"]
    scene.set_trust(policy)


FIXES = [drop_the_subject, ask_for_a_password]
