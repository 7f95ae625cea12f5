"""Untouched since 2019: a way to mend it."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    scene = Scene(world, "lab-27")
    container = {"name": "app", "image": "enginrect/reports:2026"}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    deployments = world.resource("apps/v1", "Deployment")
    deployments.patch(name="app", namespace=scene.namespace, body=patch)
    scene.wait()
