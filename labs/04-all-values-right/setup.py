"""All values right: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "04")
    condition = {
        f"{world.cluster.issuer_url.split('/')[2]}:sub": scene.subject,
        scene.key("aud"): "sts.amazonaws.com",
    }
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.deploy()
