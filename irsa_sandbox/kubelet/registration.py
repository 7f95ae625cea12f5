"""The Node object and its Lease: how the kubelet says that its node is there and well.

Source: Kubernetes documentation, "Nodes", "Leases".
"""

from __future__ import annotations

import asyncio
import logging

from irsa_sandbox.apiclient import ApiClient, ApiError, Object, path_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.loops import end, keep_running

log = logging.getLogger("irsa-lab.kubelet")

LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40
# A real kubelet renews every 10 s; nothing here would notice, and each renewal is a write to disk.
RENEW_SECONDS = 600
# Source: kubernetes, pkg/kubelet/kubelet_node_status.go: the longest step of its back-off.
RETRY_SECONDS = 7


class Registration:
    """Registers the node and keeps its heartbeat."""

    def __init__(self, client: ApiClient, clock: Clock, node: Object) -> None:
        self._client = client
        self._clock = clock
        self._node = node
        self._name = node["metadata"]["name"]
        self._registered = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """The Node is there, with the status of now, or comes as soon as nobody refuses it."""
        self._registered = await self._register()
        self._task = asyncio.create_task(keep_running("node lease", self._renew), name="node lease")

    async def _register(self) -> bool:
        """Whether the API server has the Node: a webhook of the learner's may be against it."""
        try:
            await self._put_node()
        except ApiError as error:
            log.warning("node %s could not be registered: %s", self._name, error)
            return False
        return True

    async def stop(self) -> None:
        """The heartbeat ends."""
        await end(self._task)

    async def _put_node(self) -> None:
        try:
            await self._client.create(path_of("v1", "nodes"), self._node)
        except ApiError as error:
            if error.status != 409:
                raise
            path = path_of("v1", "nodes", "", self._name, "status")
            await self._client.patch(path, {"status": self._node["status"]})

    async def _renew(self) -> None:
        while not self._registered:
            await asyncio.sleep(RETRY_SECONDS)
            self._registered = await self._register()
        while True:
            try:
                await self._put_lease()
            except ApiError as error:
                log.debug("lease of %s: %s", self._name, error)
            await asyncio.sleep(RENEW_SECONDS)

    async def _put_lease(self) -> None:
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        place = path_of("coordination.k8s.io/v1", "leases", LEASE_NAMESPACE)
        change = {"spec": {"renewTime": now}}
        if await self._client.get(f"{place}/{self._name}"):
            await self._client.patch(f"{place}/{self._name}", change)
            return
        spec = {"holderIdentity": self._name, "leaseDurationSeconds": LEASE_SECONDS}
        await self._client.create(
            place, {"metadata": {"name": self._name}, "spec": spec | change["spec"]}
        )
