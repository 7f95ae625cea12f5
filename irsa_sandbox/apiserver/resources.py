"""The kinds that the API server stores."""

from __future__ import annotations

from dataclasses import dataclass, replace

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
READ_VERBS = ("get", "list", "watch")


@dataclass(frozen=True)
class Resource:
    """One kind: where it lives in the API and how kubectl may call it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    has_status: bool = False
    has_scale: bool = False
    read_only: bool = False

    @property
    def api_version(self) -> str:
        """`v1`, or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name in messages: `pods`, or `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_ALL = ("all",)
_CLAIM = "PersistentVolumeClaim"

_SCALERS = "horizontalpodautoscalers"


def _absent(
    api_version: str,
    listed: str,
    *,
    namespaced: bool = True,
    categories: tuple[str, ...] = (),
) -> list[Resource]:
    """Kinds of which this cluster has none and makes none: they can be asked for, and explained.

    Each is "plural:Kind:short name".
    """
    group, _, version = api_version.rpartition("/")
    found = []
    for each in listed.split():
        plural, kind, short = each.split(":")
        names = (short,) if short else ()
        resource = Resource(group, version, plural, kind, namespaced, names, categories)
        found.append(replace(resource, read_only=True))
    return found


RESOURCES = (
    Resource("", "v1", "namespaces", "Namespace", False, ("ns",), has_status=True),
    Resource("", "v1", "nodes", "Node", False, ("no",), has_status=True),
    Resource("", "v1", "pods", "Pod", True, ("po",), _ALL, has_status=True),
    Resource("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",)),
    Resource("", "v1", "configmaps", "ConfigMap", True, ("cm",)),
    Resource("", "v1", "secrets", "Secret"),
    Resource("", "v1", "services", "Service", True, ("svc",), _ALL, has_status=True),
    Resource("", "v1", "events", "Event", True, ("ev",)),
    Resource("", "v1", "persistentvolumeclaims", _CLAIM, True, ("pvc",), has_status=True),
    Resource("apps", "v1", "deployments", "Deployment", True, ("deploy",), _ALL, True, True),
    Resource("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), _ALL, True, True),
    Resource("apps", "v1", "daemonsets", "DaemonSet", True, ("ds",), _ALL, True),
    Resource("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), _ALL, True, True),
    Resource("apps", "v1", "controllerrevisions", "ControllerRevision"),
    Resource("batch", "v1", "jobs", "Job", True, (), _ALL, True),
    Resource("batch", "v1", "cronjobs", "CronJob", True, ("cj",), _ALL, True),
    Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",)),
    Resource(_RBAC, "v1", "roles", "Role"),
    Resource(_RBAC, "v1", "rolebindings", "RoleBinding"),
    Resource(_RBAC, "v1", "clusterroles", "ClusterRole", False),
    Resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False),
    *(
        Resource(
            _ADMISSION,
            "v1",
            f"{kind.lower()}webhookconfigurations",
            f"{kind}WebhookConfiguration",
            False,
            categories=("api-extensions",),
        )
        for kind in ("Mutating", "Validating")
    ),
    Resource("coordination.k8s.io", "v1", "leases", "Lease"),
    *_absent("v1", "endpoints:Endpoints:ep limitranges:LimitRange:limits"),
    *_absent("v1", "replicationcontrollers:ReplicationController:rc", categories=_ALL),
    *_absent("v1", "resourcequotas:ResourceQuota:quota"),
    *_absent("v1", "persistentvolumes:PersistentVolume:pv", namespaced=False),
    *_absent(
        "certificates.k8s.io/v1",
        "certificatesigningrequests:CertificateSigningRequest:csr",
        namespaced=False,
    ),
    *_absent("autoscaling/v2", f"{_SCALERS}:HorizontalPodAutoscaler:hpa", categories=_ALL),
    *_absent("discovery.k8s.io/v1", "endpointslices:EndpointSlice:"),
    *_absent("networking.k8s.io/v1", "ingresses:Ingress:ing"),
    *_absent("networking.k8s.io/v1", "ingressclasses:IngressClass:", namespaced=False),
    *_absent("policy/v1", "poddisruptionbudgets:PodDisruptionBudget:pdb"),
    *_absent("scheduling.k8s.io/v1", "priorityclasses:PriorityClass:pc", namespaced=False),
    *_absent("storage.k8s.io/v1", "storageclasses:StorageClass:sc", namespaced=False),
)

BY_PATH = {(r.group, r.version, r.plural): r for r in RESOURCES}
