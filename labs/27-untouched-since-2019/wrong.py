"""Untouched since 2019: tempting fixes that must not pass."""

import json

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World

NODE_ROLE = "enginrect-node-role"


def the_nodes_role(world: World) -> None:
    """The app reads, as the node, and with it every Pod of the node."""
    scene = Scene(world, "lab-27")
    document = json.dumps(roles.build_bucket_read_policy(scene.bucket))
    world.aws("iam").put_role_policy(
        RoleName=NODE_ROLE, PolicyName=scene.namespace, PolicyDocument=document
    )


def restart_only(world: World) -> None:
    """The new Pod has the old SDK."""
    Scene(world, "lab-27").restart()


FIXES = [the_nodes_role, restart_only]
