"""Permission denied, by nobody in AWS: what must work again."""

from typing import Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World

NO_ROOT = "the containers do not run as root"
EXPECTED = "a user other than 0 for each, the sidecar too"


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    return [*chain_goals(world, "25"), _no_root(Scene(world, "lab-25"))]


def _no_root(scene: Scene) -> Goal:
    """What the Pod says about its containers' users."""
    try:
        pod: Any = scene.wait_briefly()
    except IrsaLabError as error:
        return Goal(NO_ROOT, reached=False, found=error.message, expected=EXPECTED)
    pod_wide = (pod.spec.securityContext and pod.spec.securityContext.runAsUser) or 0
    users = {
        each.name: (each.securityContext and each.securityContext.runAsUser) or pod_wide
        for each in pod.spec.containers
    }
    found = ", ".join(f"{name}: {user}" for name, user in users.items())
    return Goal(NO_ROOT, all(users.values()) and "sidecar" in users, found, EXPECTED)
