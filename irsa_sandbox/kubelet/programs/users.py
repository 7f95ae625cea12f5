"""The user a container runs as, as far as it matters here: whether it may read the Pod's token.

Every process here belongs to the person who started the sandbox. So a token that the container's
user could not read on a node gets a mode that keeps this person's processes out as well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from irsa_sandbox.apiclient import Object
from irsa_sandbox.kubelet.programs.environment import ConfigError

CLOSED = 0o000
# Root ignores a file's mode, unless it gives up these capabilities. Source: capabilities(7).
_AS_A_USER = ("--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--")


def user_of(pod_spec: Object, container: Object) -> int | None:
    """The container's `runAsUser`, or the Pod's; None stands for the image's user, here root."""
    pod_wide = (pod_spec.get("securityContext") or {}).get("runAsUser")
    user: int | None = (container.get("securityContext") or {}).get("runAsUser", pod_wide)
    return user


def check_user(pod: Object, container: Object) -> None:
    """Raises ConfigError where `runAsNonRoot` forbids the user, by the kubelet's sentence.

    Source: Kubernetes, pkg/kubelet/kuberuntime, verifyRunAsNonRoot.
    """
    pod_wide = (pod["spec"].get("securityContext") or {}).get("runAsNonRoot")
    own = container.get("securityContext") or {}
    user = user_of(pod["spec"], container)
    if not own.get("runAsNonRoot", pod_wide) or user:
        return
    why = "container has runAsNonRoot and image will run as root"
    if user is not None:
        why = "container's runAsUser breaks non-root policy"
    metadata = pod["metadata"]
    shown = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    raise ConfigError(f'{why} (pod: "{shown}", container: {container["name"]})')


def token_mode(pod_spec: Object, default_mode: int) -> int:
    """The mode of a projected token's file: readable as on a node, and for nobody else here.

    On a node it is 0640 for the group that fsGroup names, 0600 where all containers run as one
    user, else the volume's own mode. One that leaves strangers out is root's: closed to a Pod
    without root. Source: KEP-2451, "Proposed heuristics"; Kubernetes, pkg/volume/projected.
    """
    if "fsGroup" in (pod_spec.get("securityContext") or {}):
        return 0o640
    containers = [*pod_spec.get("initContainers", ()), *pod_spec["containers"]]
    users = {user_of(pod_spec, container) for container in containers}
    shared = len(users) > 1 and not users & {None, 0}
    return CLOSED if shared and not default_mode & 0o004 else 0o600


def without_roots_powers(command: Sequence[str], user: int | None) -> list[str]:
    """The command, held to files' modes where root runs the sandbox and not the container."""
    setpriv = shutil.which("setpriv")
    if not user or setpriv is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return list(command)
    return [setpriv, *_AS_A_USER, *command]
