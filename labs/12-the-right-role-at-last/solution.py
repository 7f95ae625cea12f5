"""The right role at last: a way to mend it."""

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    scene = Scene(world, "lab-12")
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))
