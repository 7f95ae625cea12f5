"""Two teams, one wall: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def close_the_wall_only(world: World) -> None:
    """Green is out of blue's data, and without its own."""
    blue = Scene(world, "lab-31")
    blue.set_trust(blue.trust_policy())


def green_only(world: World) -> None:
    """Green works again; blue's role stays open to the next namespace of that beginning."""
    green = Scene(world, "lab-31-green")
    green.annotate({"eks.amazonaws.com/role-arn": green.role_arn})
    green.set_trust(green.trust_policy())
    green.restart()


def let_green_read_both(world: World) -> None:
    """Both buckets in one role: it works, and the wall is gone for good."""
    blue, green = Scene(world, "lab-31"), Scene(world, "lab-31-green")
    arns = [f"arn:aws:s3:::{scene.bucket}" for scene in (blue, green)]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{a}/*" for a in arns]}
    blue.set_permissions({"Version": "2012-10-17", "Statement": [statement]})


FIXES = [close_the_wall_only, green_only, let_green_read_both]
