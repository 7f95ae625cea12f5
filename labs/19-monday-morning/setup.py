"""Monday morning: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "19", annotated=False)
    scene.annotate({"eks.amazonaws.com/rolearn": scene.role_arn})
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )
    scene.allow("s3:*", "*")
    scene.deploy(service_account="default")
