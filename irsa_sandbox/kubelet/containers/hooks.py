"""Lifecycle hooks: what runs after a container's start and before its end.

Source: Kubernetes documentation, "Container Lifecycle Hooks"; pkg/kubelet/lifecycle.
"""

from __future__ import annotations

from irsa_sandbox.apiclient import Object
from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.containers.context import Node, Reporter
from irsa_sandbox.kubelet.containers.probes import probe, run_command

HOOK_SECONDS = 30.0
# What a container gets to end in, however long its hook took.
LEAST_GRACE_SECONDS = 2.0


async def after_start(node: Node, container: Container, report: Reporter) -> bool:
    """Whether the container's `postStart` went well; where it did not, an Event says so."""
    hook = container.spec.get("lifecycle", {}).get("postStart")
    if not hook or await _succeeds(node, container, hook, HOOK_SECONDS):
        return True
    report.tell("Warning", "FailedPostStartHook", "PostStartHook failed", container)
    return False


async def end(node: Node, container: Container, report: Reporter, grace_seconds: float) -> int:
    """The container's process has ended, its `preStop` before it; returns the exit code.

    The hook's time counts towards the grace period.
    """
    assert container.process is not None
    hook = container.spec.get("lifecycle", {}).get("preStop")
    if hook and grace_seconds > 0:
        begun = node.clock.time()
        if not await _succeeds(node, container, hook, grace_seconds):
            report.tell("Warning", "FailedPreStopHook", "PreStopHook failed", container)
        left = grace_seconds - (node.clock.time() - begun)
        grace_seconds = max(left, LEAST_GRACE_SECONDS)
    return await container.process.end(grace_seconds)


async def _succeeds(node: Node, container: Container, hook: Object, seconds: float) -> bool:
    if "exec" in hook:
        return (await run_command(container, hook["exec"]["command"], seconds)).good
    if "sleep" in hook:
        await node.clock.sleep(min(hook["sleep"]["seconds"], seconds))
        return True
    return (await probe(container, hook | {"timeoutSeconds": seconds})).good
