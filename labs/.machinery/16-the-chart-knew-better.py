from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    arn = scene.role_arn.replace("app-role", "chart-default")
    scene.deploy(environment={"AWS_ROLE_ARN": arn})


def solution(scene: Scene) -> None:
    scene.deploy()


def restart_only(scene: Scene) -> None:
    """The variable is in the Deployment."""
    scene.restart()


def make_the_charts_role(scene: Scene) -> None:
    """The app reads, as a role that only the chart wanted."""
    read = roles.build_bucket_read_policy(scene.bucket)
    name = scene.role.replace("app-role", "chart-default")
    roles.ensure_role(scene.world, name, scene.trust_policy(), permission_policies={"read": read})


FIXES = [restart_only, make_the_charts_role]
