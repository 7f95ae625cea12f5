"""The chart knew better: tempting fixes that must not pass."""

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def restart_only(world: World) -> None:
    """The variable is in the Deployment."""
    scene = Scene(world, "lab-16")
    scene.restart()


def make_the_charts_role(world: World) -> None:
    """The app reads, as a role that only the chart wanted."""
    scene = Scene(world, "lab-16")
    read = roles.build_bucket_read_policy(scene.bucket)
    name = scene.role.replace("app-role", "chart-default")
    roles.ensure_role(world, name, scene.trust_policy(), permission_policies={"read": read})


FIXES = [restart_only, make_the_charts_role]
