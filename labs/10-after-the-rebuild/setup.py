"""After the rebuild: the world at the lab's start."""

import json

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "10")
    new = world.cluster.issuer_url.rsplit("/", 1)[1]
    scene.set_trust(json.loads(json.dumps(scene.trust_policy()).replace(new, "0" * 32)))
    scene.deploy()
