"""Pods of a node that is gone: nobody else would ever end them.

Source: Kubernetes, pkg/controller/podgc; documentation, "Pod Lifecycle: Pod garbage collection".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from irsa_sandbox.apiclient import Key, Object, key_of
from irsa_sandbox.controllers.base.controller import Worker
from irsa_sandbox.controllers.base.kinds import NODES, PODS, Kind

# A node may come back under its name: for so long its Pods are left alone.
QUARANTINE_SECONDS = 40.0


class PodGarbageCollector(Worker):
    """Deletes the Pods that are bound to a node which does not exist."""

    name, watches = "podgc", (PODS, NODES)

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """A Pod whose node is gone; all such Pods when any node changes or goes."""
        pods = [body] if kind is PODS else self.cluster[PODS].objects.values()
        return [key_of(pod) for pod in pods if self._is_orphan(pod)]

    def _is_orphan(self, pod: Object) -> bool:
        """Whether the Pod is bound to a node that is not there."""
        node = pod["spec"].get("nodeName")
        return bool(node and ("", node) not in self.cluster[NODES].objects)

    async def reconcile(self, key: Key) -> None:
        """A Pod whose node has been gone for long enough is gone, too."""
        pod = self.cluster[PODS].objects.get(key)
        if pod is None or not self._is_orphan(pod):
            return
        made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()
        left = made + QUARANTINE_SECONDS - self.clock_of(pod).time()
        if left > 0 and not pod["metadata"].get("deletionTimestamp"):
            self.later(key, left)
            return
        preconditions = {"uid": pod["metadata"]["uid"]}
        await self.client.delete(PODS.path(*key), gracePeriodSeconds=0, preconditions=preconditions)
