from typing import Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene

SIDECAR = {
    "name": "sidecar",
    "image": "busybox",
    "command": ["sleep", "infinity"],
    "securityContext": {"runAsUser": 2000},
}
TOKEN = {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}
VOLUME = {
    "name": "aws-iam-token",
    "projected": {"defaultMode": 0o400, "sources": [{"serviceAccountToken": TOKEN}]},
}
MOUNT = {
    "name": "aws-iam-token",
    "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount",
    "readOnly": True,
}
NO_ROOT = "the containers do not run as root"
EXPECTED = "a user other than 0 for each, the sidecar too"


def setup(scene: Scene) -> None:
    scene.deploy(
        container={"securityContext": {"runAsUser": 1000}, "volumeMounts": [MOUNT]},
        pod={"containers": [SIDECAR], "volumes": [VOLUME]},
    )


def check(scene: Scene) -> list[Goal]:
    return [*chain_goals(scene), _no_root(scene)]


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


def solution(scene: Scene) -> None:
    patch = {"spec": {"template": {"spec": {"securityContext": {"fsGroup": 3000}}}}}
    deployments = scene.world.resource("apps/v1", "Deployment")
    deployments.patch(name="app", namespace=scene.namespace, body=patch)
    scene.wait()


def as_root(scene: Scene) -> None:
    """Root reads everything: just what security did not want."""
    sidecar = {"name": "sidecar", "image": "busybox", "command": ["sleep", "infinity"]}
    scene.deploy(pod={"containers": [sidecar]})


def restart_only(scene: Scene) -> None:
    """The new file is no more readable than the old one."""
    scene.restart()


FIXES = [as_root, restart_only]
