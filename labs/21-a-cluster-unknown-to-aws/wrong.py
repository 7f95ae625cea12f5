"""A cluster unknown to AWS: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-21")
    key = world.aws("iam").create_access_key(UserName="enginrect")["AccessKey"]
    scene.deploy(
        environment={
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
    )


def admit_everybody(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-21")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


FIXES = [static_keys, admit_everybody]
