"""A role from nowhere: tempting fixes that must not pass."""

import json

from irsa_helpers import roles
from irsa_helpers.labs.scene import PERMISSIONS, Scene
from irsa_helpers.worlds import World


def feed_the_old_role(world: World) -> None:
    """The app reads, as a role that nobody looks after."""
    scene = Scene(world, "lab-30")
    document = json.dumps(roles.build_bucket_read_policy(scene.bucket))
    world.aws("iam").put_role_policy(
        RoleName="lab-30-old-role", PolicyName=PERMISSIONS, PolicyDocument=document
    )


def annotate_again(world: World) -> None:
    """The annotation was right; where both are set it does not count."""
    scene = Scene(world, "lab-30")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.restart()


FIXES = [feed_the_old_role, annotate_again]
