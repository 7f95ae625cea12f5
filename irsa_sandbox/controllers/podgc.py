"""Pods of a node that is gone: nobody else would ever end them.

Source: Kubernetes, pkg/controller/podgc; documentation, "Pod Lifecycle: Pod garbage collection".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from irsa_sandbox.apiclient import ApiClient, Informer, Key, Object, path_of
from irsa_sandbox.clock import Clock

# A node may come back under its name; so long its Pods are left alone.
QUARANTINE_SECONDS = 40.0


class PodGarbageCollector:
    """Deletes the Pods that are bound to a node which does not exist."""

    def __init__(
        self,
        client: ApiClient,
        clock: Clock,
        pods: Informer,
        nodes: Informer,
        later: Callable[[Key, float], None],
    ) -> None:
        self._client = client
        self._clock = clock
        self._pods = pods
        self._nodes = nodes
        self._later = later

    def is_orphan(self, pod: Object) -> bool:
        """Whether the Pod is bound to a node that is not there."""
        node = pod["spec"].get("nodeName")
        return bool(node and ("", node) not in self._nodes.objects)

    async def reconcile(self, key: Key) -> None:
        """A Pod whose node has been gone for long enough is gone, too."""
        pod = self._pods.objects.get(key)
        if pod is None or not self.is_orphan(pod):
            return
        made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()
        left = made + QUARANTINE_SECONDS - self._clock.of(key[0]).time()
        if left > 0 and not pod["metadata"].get("deletionTimestamp"):
            self._later(key, left)
            return
        preconditions = {"uid": pod["metadata"]["uid"]}
        path = path_of("v1", "pods", *key)
        await self._client.delete(path, gracePeriodSeconds=0, preconditions=preconditions)
