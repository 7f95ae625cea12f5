"""Word for word: the world at the lab's start."""

import json

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "13")
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": scene.role_arn},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{scene.bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.aws("s3").put_bucket_policy(Bucket=scene.bucket, Policy=policy)
    scene.deploy()
