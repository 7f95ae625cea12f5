"""One of two: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def leave_nobody_out(world: World) -> None:
    """The app works; the proxy has the role as well, as if it had been asked for."""
    scene = Scene(world, "lab-33")
    annotations = {"eks.amazonaws.com/skip-containers": None}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    deployments = world.resource("apps/v1", "Deployment")
    deployments.patch(name="app", namespace=scene.namespace, body=patch)
    scene.wait()


def without_the_proxy(world: World) -> None:
    """The app works, and nothing stands before it."""
    Scene(world, "lab-33").deploy()


FIXES = [leave_nobody_out, without_the_proxy]
