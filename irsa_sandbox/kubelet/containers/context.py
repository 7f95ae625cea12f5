"""What the parts of the kubelet share: the node, and a Pod's Events and status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiclient import ApiClient, ApiError, Object, path_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.base.events import EventRecorder
from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.programs.reaping import Sweeper
from irsa_sandbox.loops import end, keep_running
from irsa_sandbox.trace import Trace

log = logging.getLogger("irsa-lab.kubelet")

RETRY_SECONDS = 0.2


@dataclass(frozen=True)
class Node:
    """What all Pods of the node share."""

    client: ApiClient
    clock: Clock
    trace: Trace
    events: EventRecorder
    directory: Path
    environment: Mapping[str, str]
    addresses: Mapping[str, str]
    sweeper: Sweeper
    region: str
    allocatable: Mapping[str, str] = field(default_factory=dict)
    host_ip: str = "127.0.0.1"

    def now(self) -> str:
        """The sandbox's time as it stands in objects."""
        return stamp(self.clock.now())


class Reporter:
    """Tells the API server about one Pod: its status, always the newest, and Events."""

    def __init__(self, node: Node, pod: Object, status: Callable[[], Object]) -> None:
        self._node = node
        self.pod = pod
        self._status = status
        self._published: Object = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on each change is published."""
        name = f"status of {self.pod['metadata']['name']}"
        self._task = asyncio.create_task(keep_running(name, self._publish_changes), name=name)

    async def stop(self) -> None:
        """Publish nothing more."""
        await end(self._task)

    def changed(self) -> None:
        """The status is to be published; several changes at once go out as one."""
        self._changed.set()

    def tell(self, kind: str, reason: str, text: str, container: Container | None = None) -> None:
        """An Event about the Pod, or about one of its containers."""
        place = container.field_path if container else ""
        self._node.events.record(self.pod, kind, reason, text, field_path=place)

    async def _publish_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.publish()
            except ApiError as error:
                log.warning("status of Pod %s: %s", self.pod["metadata"]["name"], error)
                await asyncio.sleep(RETRY_SECONDS)
                self._changed.set()

    async def publish(self) -> None:
        """The Pod's status at the API server is what is known here."""
        status = self._status()
        if status == self._published:
            return
        metadata = self.pod["metadata"]
        path = path_of("v1", "pods", metadata["namespace"], metadata["name"], "status")
        body = {"metadata": {"uid": metadata["uid"]}, "status": status}
        try:
            await self._node.client.patch(path, body)
        except ApiError as error:
            # The Pod is gone, or another has its name.
            if error.status not in {404, 409}:
                raise
        self._published = status
