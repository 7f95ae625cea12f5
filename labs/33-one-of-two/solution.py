"""One of two: a way to mend it."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The webhook leaves the proxy out, and nobody else."""
    scene = Scene(world, "lab-33")
    annotations = {"eks.amazonaws.com/skip-containers": "proxy"}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    deployments = world.resource("apps/v1", "Deployment")
    deployments.patch(name="app", namespace=scene.namespace, body=patch)
    scene.wait()
