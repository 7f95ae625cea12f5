"""Permission denied, by nobody in AWS: the world at the lab's start."""

from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World

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


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "25")
    scene.deploy(
        container={"securityContext": {"runAsUser": 1000}, "volumeMounts": [MOUNT]},
        pod={"containers": [SIDECAR], "volumes": [VOLUME]},
    )
