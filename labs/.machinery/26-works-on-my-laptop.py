from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import static_keys


def setup(scene: Scene) -> None:
    scene.deploy(environment={"AWS_PROFILE": "enginrect-dev", "LOG_LEVEL": "debug"})


def solution(scene: Scene) -> None:
    scene.deploy(environment={"LOG_LEVEL": "debug"})


def restart_only(scene: Scene) -> None:
    """The variable is in the template, so it is in the new Pod too."""
    scene.restart()


FIXES = [static_keys, restart_only]
