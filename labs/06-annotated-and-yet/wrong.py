"""Annotated, and yet the node's role: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(world, "lab-06")
    key = world.aws("iam").create_access_key(UserName="enginrect")["AccessKey"]
    scene.deploy(
        environment={
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
    )


def annotate_only(world: World) -> None:
    """The Pod is older than the annotation."""
    scene = Scene(world, "lab-06")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


FIXES = [static_keys, annotate_only]
