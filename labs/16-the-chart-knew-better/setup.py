"""The chart knew better: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "16")
    arn = scene.role_arn.replace("app-role", "chart-default")
    scene.deploy(environment={"AWS_ROLE_ARN": arn})
