"""One of two: what must work again."""

from typing import Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World

WITHOUT = "the proxy has no role"
EXPECTED = "a container proxy without AWS_ROLE_ARN and without the token's mount"


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    return [*chain_goals(world, "33"), _without(Scene(world, "lab-33"))]


def _without(scene: Scene) -> Goal:
    """What the Pod's other container was given."""
    try:
        pod: Any = scene.wait_briefly()
    except IrsaLabError as error:
        return Goal(WITHOUT, reached=False, found=error.message, expected=EXPECTED)
    proxies = [each for each in pod.spec.containers if each.name == "proxy"]
    if not proxies:
        return Goal(WITHOUT, reached=False, found="there is no proxy", expected=EXPECTED)
    names = [variable.name for variable in proxies[0].env or []]
    mounts = [mount.name for mount in proxies[0].volumeMounts or []]
    given = sorted({"AWS_ROLE_ARN", "aws-iam-token"} & {*names, *mounts})
    found = f"the proxy has {', '.join(given)}" if given else "the proxy has neither"
    return Goal(WITHOUT, not given, found, EXPECTED)
