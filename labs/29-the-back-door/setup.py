"""The back door: the world at the lab's start."""

from irsa_helpers import pods, serviceaccounts
from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "29")
    scene.deploy()
    serviceaccounts.ensure_service_account(world, "tracker-sa", namespace=scene.namespace)
    pods.ensure_deployment(
        world, "tracker", service_account="tracker-sa", namespace=scene.namespace
    )
    pods.wait_for_pod(world, "tracker", namespace=scene.namespace)
