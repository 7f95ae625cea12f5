"""A role from nowhere: a way to mend it."""

from irsa_helpers import pod_identity
from irsa_helpers.labs.scene import SERVICE_ACCOUNT, Scene
from irsa_helpers.worlds import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    scene = Scene(world, "lab-30")
    pod_identity.ensure_no_association(world, SERVICE_ACCOUNT, namespace=scene.namespace)
    scene.restart()
