"""Two teams, one wall: a way to mend it."""

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """Each team has its own role, which admits it alone and reads its bucket alone."""
    blue, green = Scene(world, "lab-31"), Scene(world, "lab-31-green")
    blue.set_permissions(roles.build_bucket_read_policy(blue.bucket))
    green.annotate({"eks.amazonaws.com/role-arn": green.role_arn})
    for scene in (blue, green):
        scene.set_trust(scene.trust_policy())
        scene.restart()
