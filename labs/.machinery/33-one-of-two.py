from typing import Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene

PROXY = {"name": "proxy", "image": "busybox", "command": ["sleep", "infinity"]}
WITHOUT = "the proxy has no role"
EXPECTED = "a container proxy without AWS_ROLE_ARN and without the token's mount"


def setup(scene: Scene) -> None:
    annotations = {"eks.amazonaws.com/skip-containers": "app"}
    scene.deploy(annotations=annotations, pod={"containers": [PROXY]})


def check(scene: Scene) -> list[Goal]:
    return [*chain_goals(scene), _without(scene)]


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


def solution(scene: Scene) -> None:
    """The webhook leaves the proxy out, and nobody else."""
    annotations = {"eks.amazonaws.com/skip-containers": "proxy"}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    deployments = scene.world.resource("apps/v1", "Deployment")
    deployments.patch(name="app", namespace=scene.namespace, body=patch)
    scene.wait()


def leave_nobody_out(scene: Scene) -> None:
    """The app works; the proxy has the role as well, as if it had been asked for."""
    annotations = {"eks.amazonaws.com/skip-containers": None}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    deployments = scene.world.resource("apps/v1", "Deployment")
    deployments.patch(name="app", namespace=scene.namespace, body=patch)
    scene.wait()


def without_the_proxy(scene: Scene) -> None:
    """The app works, and nothing stands before it."""
    scene.deploy()


FIXES = [leave_nobody_out, without_the_proxy]
