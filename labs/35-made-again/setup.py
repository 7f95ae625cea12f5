"""Made again: the world at the lab's start."""

from irsa_helpers import roles
from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World

WIZARD = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "35")
    roles.ensure_no_role(world, scene.role)
    roles.ensure_role(world, scene.role, WIZARD)
    scene.deploy()
