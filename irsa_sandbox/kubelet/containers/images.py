"""Pulling an image, as far as this machine can: what it does not have never comes.

The Events are worded as a kubelet words them. Source: Kubernetes, pkg/kubelet/images.
"""

from __future__ import annotations

import re

from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.containers.context import Reporter
from irsa_sandbox.kubelet.programs.runtimes import known_images

_REFERENCE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::\d+)?/)?[a-z0-9._/-]+(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)


def pull(container: Container, report: Reporter) -> bool:
    """Whether the container's image can run here; where not, its state and Events say why."""
    image = container.spec["image"]
    policy = container.spec.get("imagePullPolicy", "IfNotPresent")
    if not _REFERENCE.fullmatch(image):
        text = f'Failed to apply default image tag "{image}": couldn\'t parse image name '
        text += f'"{image}": invalid reference format'
        return _refuse(container, report, "InvalidImageName", text, "InspectFailed")
    if container.runtime is not None:
        _announce(image, policy, container, report)
        return True
    if policy == "Never":
        text = f'Container image "{image}" is not present with pull policy of Never'
        return _refuse(container, report, "ErrImageNeverPull", text, "ErrImageNeverPull")
    return _fail(image, container, report)


def _announce(image: str, policy: str, container: Container, report: Reporter) -> None:
    if policy == "Always":
        report.tell("Normal", "Pulling", f'Pulling image "{image}"', container)
        text = f'Successfully pulled image "{image}" in 1ms (1ms including waiting). '
        report.tell("Normal", "Pulled", f"{text}Image size: 0 bytes.", container)
    else:
        text = f'Container image "{image}" already present on machine'
        report.tell("Normal", "Pulled", text, container)


def _refuse(container: Container, report: Reporter, reason: str, text: str, event: str) -> bool:
    container.wait(reason, text)
    report.tell("Warning", event, text, container)
    report.tell("Warning", "Failed", f"Error: {reason}", container)
    return False


def _fail(image: str, container: Container, report: Reporter) -> bool:
    """ErrImagePull at first, ImagePullBackOff from then on."""
    why = f'the sandbox has no runtime for "{image}"; it knows {known_images()}'
    error = f'failed to pull and unpack image "{image}": {why}'
    before = container.state.get("waiting", {}).get("reason")
    if before == "ErrImagePull":
        text = f'Back-off pulling image "{image}"'
        container.wait("ImagePullBackOff", f"{text}: ErrImagePull: {error}")
        report.tell("Normal", "BackOff", text, container)
        report.tell("Warning", "Failed", "Error: ImagePullBackOff", container)
    elif before != "ImagePullBackOff":
        container.wait("ErrImagePull", error)
        report.tell("Normal", "Pulling", f'Pulling image "{image}"', container)
        report.tell("Warning", "Failed", f'Failed to pull image "{image}": {error}', container)
        report.tell("Warning", "Failed", "Error: ErrImagePull", container)
    return False
