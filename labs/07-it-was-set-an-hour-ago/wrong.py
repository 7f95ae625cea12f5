"""It was set an hour ago: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-07")
    key = world.aws("iam").create_access_key(UserName="enginrect")["AccessKey"]
    scene.deploy(
        environment={
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
    )


def more_rights(world: World) -> None:
    """More rights do not help, and stay as a danger."""
    scene = Scene(world, "lab-07")
    scene.allow("s3:*", "*")


FIXES = [static_keys, more_rights]
