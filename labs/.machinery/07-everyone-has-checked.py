from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import static_keys


def setup(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": None})
    scene.deploy()
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


def solution(scene: Scene) -> None:
    scene.restart()


def a_session_of_the_role(scene: Scene) -> None:
    """The right role, for an hour: nobody renews what was copied."""
    scene.deploy(environment=scene.session_keys())


FIXES = [static_keys, a_session_of_the_role]
