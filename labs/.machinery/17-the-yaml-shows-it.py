from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import static_keys


def setup(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": None})
    scene.deploy(annotations={"eks.amazonaws.com/role-arn": scene.role_arn})


def solution(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.restart()


def restart_only(scene: Scene) -> None:
    """The webhook reads no role from a Pod."""
    scene.restart()


FIXES = [restart_only, static_keys]
