"""Somebody was here first: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def keys_that_work(world: World) -> None:
    """The keys work, but the app is a person then."""
    scene = Scene(world, "lab-11")
    key = world.aws("iam").create_access_key(UserName="enginrect")["AccessKey"]
    scene.deploy(
        environment={
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
    )


def more_rights(world: World) -> None:
    """More rights do not help, and stay as a danger."""
    scene = Scene(world, "lab-11")
    scene.allow("s3:*", "*")


FIXES = [keys_that_work, more_rights]
