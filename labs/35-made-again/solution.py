"""Made again: a way to mend it."""

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The role trusts the app alone again, and may read its bucket."""
    scene = Scene(world, "lab-35")
    scene.set_trust(scene.trust_policy())
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))
