"""An error nobody knows: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def annotation_only(world: World) -> None:
    """The Pod that runs keeps the name that it was made with."""
    scene = Scene(world, "lab-32")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


def of_iam_but_no_role(world: World) -> None:
    """An ARN, but not a role's."""
    scene = Scene(world, "lab-32")
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn.replace(":role/", ":user/")})
    scene.restart()


FIXES = [annotation_only, of_iam_but_no_role]
