"""Two teams, one wall: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    blue, green = build_scene(world, "31"), build_scene(world, "31-green")
    blue.set_trust(
        blue.condition_trust(
            {
                "StringEquals": {blue.key("aud"): "sts.amazonaws.com"},
                "StringLike": {blue.key("sub"): "system:serviceaccount:lab-31*:app-sa"},
            }
        )
    )
    arn = f"arn:aws:s3:::{blue.bucket}"
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    blue.set_permissions({"Version": "2012-10-17", "Statement": [statement]})
    green.set_trust(blue.trust_policy())
    green.annotate({"eks.amazonaws.com/role-arn": blue.role_arn})
    for scene in (blue, green):
        scene.deploy()
