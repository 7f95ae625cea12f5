"""Nobody answers the door: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def restart_only(world: World) -> None:
    """No webhook, no token."""
    scene = Scene(world, "lab-20")
    scene.restart()


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-20")
    key = world.aws("iam").create_access_key(UserName="enginrect")["AccessKey"]
    scene.deploy(
        environment={
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
    )


FIXES = [restart_only, static_keys]
