"""Permission denied, by nobody in AWS: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def as_root(world: World) -> None:
    """Root reads everything: just what security did not want."""
    sidecar = {"name": "sidecar", "image": "busybox", "command": ["sleep", "infinity"]}
    Scene(world, "lab-25").deploy(pod={"containers": [sidecar]})


def restart_only(world: World) -> None:
    """The new file is no more readable than the old one."""
    Scene(world, "lab-25").restart()


FIXES = [as_root, restart_only]
