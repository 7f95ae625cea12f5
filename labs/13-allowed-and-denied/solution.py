"""Word for word: a way to mend it."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    scene = Scene(world, "lab-13")
    world.aws("s3").delete_bucket_policy(Bucket=scene.bucket)
