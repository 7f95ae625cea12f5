"""Untouched since 2019: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World

WORK = "while true; do aws s3api list-objects-v2 --bucket {bucket}; sleep 2; done"


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "27")
    command = ["sh", "-c", WORK.format(bucket=scene.bucket)]
    scene.deploy(container={"image": "enginrect/reports:2019", "command": command})
    scene.wait_for_log("AccessDenied")
