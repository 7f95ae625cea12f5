from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import static_keys


def setup(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": None})
    scene.annotate({"eks.amazonaws.com/role_arn": scene.role_arn})
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.annotate(
        {"eks.amazonaws.com/role_arn": None, "eks.amazonaws.com/role-arn": scene.role_arn}
    )
    scene.restart()


def annotate_only(scene: Scene) -> None:
    """The Pod was created before the annotation."""
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


FIXES = [static_keys, annotate_only]
