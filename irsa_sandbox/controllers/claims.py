"""PersistentVolumeClaims: nothing here could serve one, and each is told so.

As in a new EKS cluster, which has no driver for storage until somebody adds it.
Source: kubernetes, pkg/controller/volume/persistentvolume.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from irsa_sandbox.apiclient import Informer, Key, Object
from irsa_sandbox.controllers.events import EventRecorder

NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


@dataclass(eq=False)
class ClaimController:
    """Says of each claim why it stays Pending."""

    claims: Informer
    events: EventRecorder

    async def reconcile(self, key: Key) -> None:
        """An Event says what the claim waits for."""
        claim = self.claims.objects.get(key)
        if claim is None or claim["metadata"].get("deletionTimestamp"):
            return
        claim = claim | {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        if name := claim["spec"].get("storageClassName"):
            text = f'storageclass.storage.k8s.io "{name}" not found'
            self.events.record(claim, "Warning", "ProvisioningFailed", text)
        else:
            self.events.record(claim, "Normal", "FailedBinding", NO_CLASS)


def claim_obstacle(pod: Object, claims: Mapping[Key, Object]) -> str:
    """Why the claims of a Pod keep it from every node, in the scheduler's words; else empty."""
    for volume in pod["spec"].get("volumes") or ():
        if source := volume.get("persistentVolumeClaim"):
            name = source["claimName"]
            claim = claims.get((pod["metadata"]["namespace"], name))
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if claim.get("status", {}).get("phase") != "Bound":
                return UNBOUND
    return ""
