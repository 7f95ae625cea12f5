"""After the rebuild: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def keep_the_old_one_too(world: World) -> None:
    """Whoever holds the old cluster's keys still gets in."""
    scene = Scene(world, "lab-10")
    role = world.aws("iam").get_role(RoleName=scene.role)["Role"]
    policy = scene.trust_policy()
    policy["Statement"] += role["AssumeRolePolicyDocument"]["Statement"]
    scene.set_trust(policy)


def drop_the_subject(world: World) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene = Scene(world, "lab-10")
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


FIXES = [keep_the_old_one_too, drop_the_subject]
