"""PersistentVolumeClaims: nothing here could serve one, and each is told so.

As in a new EKS cluster, which has no driver for storage until somebody adds it.
Source: kubernetes, pkg/controller/volume/persistentvolume.
"""

from __future__ import annotations

from collections.abc import Mapping

from irsa_sandbox.apiclient import Key, Object
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import CLAIMS

NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


class ClaimController(Controller):
    """Says of each claim why it stays Pending."""

    name, component = "claims", "persistentvolume-controller"
    kind = CLAIMS

    async def sync(self, claim: Object) -> None:
        """An Event says what the claim waits for."""
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
