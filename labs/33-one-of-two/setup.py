"""One of two: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World

PROXY = {"name": "proxy", "image": "busybox", "command": ["sleep", "infinity"]}


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "33")
    annotations = {"eks.amazonaws.com/skip-containers": "app"}
    scene.deploy(annotations=annotations, pod={"containers": [PROXY]})
