"""What a StatefulSet's Pods are called, and what each has of its own.

Source: Kubernetes documentation, "StatefulSets: Pod Identity"; kubernetes,
pkg/controller/statefulset/stateful_set_utils.go.
"""

from __future__ import annotations

import copy
import re

from irsa_sandbox.apiclient import Object
from irsa_sandbox.controllers.base.owners import owner_reference
from irsa_sandbox.controllers.base.pods import pod_from
from irsa_sandbox.controllers.workloads.revisions import template_of

REVISION = "controller-revision-hash"


def ordinal_of(pod: Object, owner: Object) -> int | None:
    """The number at the end of the Pod's name; None for a Pod that is not named so."""
    name = re.escape(owner["metadata"]["name"])
    numbered = re.fullmatch(rf"{name}-(\d+)", pod["metadata"]["name"])
    return int(numbered[1]) if numbered else None


def stateful_pod(owner: Object, revision: Object, ordinal: int) -> Object:
    """The Pod of that number, of the revision's template."""
    name = f"{owner['metadata']['name']}-{ordinal}"
    pod = pod_from(template_of(revision), owner, name=name)
    metadata, spec = pod["metadata"], pod["spec"]
    metadata["labels"] = (metadata.get("labels") or {}) | {
        REVISION: revision["metadata"]["name"],
        "apps.kubernetes.io/pod-index": str(ordinal),
        "statefulset.kubernetes.io/pod-name": name,
    }
    spec["hostname"] = name
    if service := owner["spec"].get("serviceName"):
        spec["subdomain"] = service
    claims = claim_names(owner, name)
    volumes = [
        {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
        for volume, claim in claims.items()
    ]
    own = [volume for volume in spec.get("volumes") or () if volume["name"] not in claims]
    if volumes:
        spec["volumes"] = [*volumes, *own]
    return pod


def claim_names(owner: Object, pod_name: str) -> dict[str, str]:
    """Volume -> the claim that a Pod of that name has for it."""
    names = [
        template["metadata"]["name"] for template in owner["spec"].get("volumeClaimTemplates") or ()
    ]
    return {name: f"{name}-{pod_name}" for name in names}


def claims_of(owner: Object, pod_name: str) -> list[Object]:
    """The PersistentVolumeClaims of a Pod; they outlive it, unless the set says otherwise."""
    spec = owner["spec"]
    policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    goes = policy.get("whenDeleted") == "Delete"
    claims = []
    for template in spec.get("volumeClaimTemplates") or ():
        metadata = copy.deepcopy(template["metadata"])
        metadata["name"] = f"{metadata['name']}-{pod_name}"
        metadata["namespace"] = owner["metadata"]["namespace"]
        own = (spec["selector"].get("matchLabels") or {}) | (metadata.get("labels") or {})
        metadata["labels"] = own
        if goes:
            metadata["ownerReferences"] = [owner_reference(owner)]
        claims.append({"metadata": metadata, "spec": copy.deepcopy(template["spec"])})
    return claims
