"""Kinds of which this cluster never has an object: their lists are empty, `explain` works."""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver.kinds.kind import IN_ALL, READ_VERBS, Kind


def _absent(api_version: str, plural: str, kind: str, short_name: str = "", **more: Any) -> Kind:
    group, _, version = api_version.rpartition("/")
    names = (short_name,) if short_name else ()
    return Kind(group, version, plural, kind, short_names=names, verbs=READ_VERBS, **more)


ABSENT = (
    _absent("v1", "endpoints", "Endpoints", "ep"),
    _absent("v1", "limitranges", "LimitRange", "limits"),
    _absent("v1", "replicationcontrollers", "ReplicationController", "rc", categories=IN_ALL),
    _absent("v1", "resourcequotas", "ResourceQuota", "quota"),
    _absent("v1", "persistentvolumes", "PersistentVolume", "pv", namespaced=False),
    _absent(
        "certificates.k8s.io/v1",
        *("certificatesigningrequests", "CertificateSigningRequest", "csr"),
        namespaced=False,
    ),
    _absent(
        "autoscaling/v2",
        *("horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa"),
        categories=IN_ALL,
    ),
    _absent("discovery.k8s.io/v1", "endpointslices", "EndpointSlice"),
    _absent("networking.k8s.io/v1", "ingresses", "Ingress", "ing"),
    _absent("networking.k8s.io/v1", "ingressclasses", "IngressClass", namespaced=False),
    _absent("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb"),
    _absent("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", "pc", namespaced=False),
    _absent("storage.k8s.io/v1", "storageclasses", "StorageClass", "sc", namespaced=False),
)
