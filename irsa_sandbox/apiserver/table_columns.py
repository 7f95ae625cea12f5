"""The columns of each kind's Table, and what is said about each.

A description that begins with `@` is that of a field, in the published schemas.
Source: kubernetes, pkg/printers/internalversion/printers.go: AddHandlers.
"""

from __future__ import annotations

from functools import cache

from irsa_sandbox.apiserver import schemas
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.table_rows import (
    Cells,
    binding,
    claim,
    controller_revision,
    cron_job,
    daemon_set,
    deployment,
    event,
    job,
    named,
    node,
    pod,
    replica_set,
    role,
    selector,
    service,
    stateful_set,
)

# name, description, priority (1: only with -o wide), type
Column = tuple[str, str, int, str]

_META = "@apimachinery.pkg.apis.meta.v1.ObjectMeta"
RBAC = "rbac.authorization.k8s.io"


def _column(name: str, description: str, priority: int = 0, kind: str = "string") -> Column:
    return name, description, priority, kind


NAME = _column("Name", f"{_META}.name")
AGE = _column("Age", f"{_META}.creationTimestamp")


def _template(owner: str) -> list[Column]:
    return [
        _column("Containers", "Names of each container in the template.", 1),
        _column("Images", "Images referenced by each container in the template.", 1),
        _column("Selector", f"@api.{owner}.selector", 1),
    ]


_PODS = [
    NAME,
    _column("Ready", "The aggregate readiness state of this pod for accepting traffic."),
    _column("Status", "The aggregate status of the containers in this pod."),
    _column(
        "Restarts",
        "The number of times the containers in this pod have been restarted and when the last "
        "container in this pod has restarted.",
    ),
    AGE,
    _column("IP", "@api.core.v1.PodStatus.podIP", 1),
    _column("Node", "@api.core.v1.PodSpec.nodeName", 1),
    _column("Nominated Node", "@api.core.v1.PodStatus.nominatedNodeName", 1),
    _column("Readiness Gates", "@api.core.v1.PodSpec.readinessGates", 1),
]
_DEPLOYMENTS = [
    NAME,
    _column("Ready", "Number of the pod with ready state"),
    _column("Up-to-date", "@api.apps.v1.DeploymentStatus.updatedReplicas"),
    _column("Available", "@api.apps.v1.DeploymentStatus.availableReplicas"),
    AGE,
    *_template("apps.v1.DeploymentSpec"),
]
_REPLICA_SETS = [
    NAME,
    _column("Desired", "@api.apps.v1.ReplicaSetSpec.replicas", 0, "integer"),
    _column("Current", "@api.apps.v1.ReplicaSetStatus.replicas", 0, "integer"),
    _column("Ready", "@api.apps.v1.ReplicaSetStatus.readyReplicas", 0, "integer"),
    AGE,
    *_template("apps.v1.ReplicaSetSpec"),
]
_DAEMON_SETS = [
    NAME,
    *(
        _column(name, f"@api.apps.v1.DaemonSetStatus.{field}", 0, "integer")
        for name, field in (
            ("Desired", "desiredNumberScheduled"),
            ("Current", "currentNumberScheduled"),
            ("Ready", "numberReady"),
            ("Up-to-date", "updatedNumberScheduled"),
            ("Available", "numberAvailable"),
        )
    ),
    _column("Node Selector", "@api.core.v1.PodSpec.nodeSelector"),
    AGE,
    *_template("apps.v1.DaemonSetSpec"),
]
_STATEFUL_SETS = [
    NAME,
    _column("Ready", "Number of the pod with ready state"),
    AGE,
    *_template("apps.v1.StatefulSetSpec")[:2],
]
_CONTROLLER_REVISIONS = [
    NAME,
    _column("Controller", "Controller of the object"),
    _column("Revision", "@api.apps.v1.ControllerRevision.revision"),
    AGE,
]
_CRON_JOBS = [
    NAME,
    _column("Schedule", "@api.batch.v1.CronJobSpec.schedule"),
    _column("Timezone", "@api.batch.v1.CronJobSpec.timeZone"),
    _column("Suspend", "@api.batch.v1.CronJobSpec.suspend", 0, "boolean"),
    _column("Active", "@api.batch.v1.CronJobStatus.active", 0, "integer"),
    _column("Last Schedule", "@api.batch.v1.CronJobStatus.lastScheduleTime"),
    AGE,
    *_template("batch.v1.JobSpec"),
]
_CLAIMS = [
    NAME,
    _column("Status", "@api.core.v1.PersistentVolumeClaimStatus.phase"),
    _column("Volume", "@api.core.v1.PersistentVolumeClaimSpec.volumeName"),
    _column("Capacity", "@api.core.v1.PersistentVolumeClaimStatus.capacity"),
    _column("Access Modes", "@api.core.v1.PersistentVolumeClaimStatus.accessModes"),
    _column("StorageClass", "@api.core.v1.PersistentVolumeClaimSpec.storageClassName"),
    _column(
        "VolumeAttributesClass", "@api.core.v1.PersistentVolumeClaimSpec.volumeAttributesClassName"
    ),
    AGE,
    _column("VolumeMode", "@api.core.v1.PersistentVolumeClaimSpec.volumeMode", 1),
]
_JOBS = [
    NAME,
    _column("Status", "Status of the job."),
    _column("Completions", "@api.batch.v1.JobStatus.succeeded"),
    _column("Duration", "Time required to complete the job."),
    AGE,
    *_template("batch.v1.JobSpec"),
]
_SERVICES = [
    NAME,
    _column("Type", "@api.core.v1.ServiceSpec.type"),
    _column("Cluster-IP", "@api.core.v1.ServiceSpec.clusterIP"),
    _column("External-IP", "@api.core.v1.ServiceSpec.externalIPs"),
    _column("Port(s)", "@api.core.v1.ServiceSpec.ports"),
    AGE,
    _column("Selector", "@api.core.v1.ServiceSpec.selector", 1),
]
_EVENTS = [
    _column("Last Seen", "@api.core.v1.Event.lastTimestamp"),
    _column("Type", "@api.core.v1.Event.type"),
    _column("Reason", "@api.core.v1.Event.reason"),
    _column("Object", "@api.core.v1.Event.involvedObject"),
    _column("Subobject", "@api.core.v1.ObjectReference.fieldPath", 1),
    _column("Source", "@api.core.v1.Event.source", 1),
    _column("Message", "@api.core.v1.Event.message"),
    _column("First Seen", "@api.core.v1.Event.firstTimestamp", 1),
    _column("Count", "@api.core.v1.Event.count", 1),
    _column("Name", f"{_META}.name", 1),
]
_NODES = [
    NAME,
    _column("Status", "The status of the node"),
    _column("Roles", "The roles of the node"),
    AGE,
    _column("Version", "@api.core.v1.NodeSystemInfo.kubeletVersion"),
    _column("Internal-IP", "@api.core.v1.NodeStatus.addresses", 1),
    _column("External-IP", "@api.core.v1.NodeStatus.addresses", 1),
    _column("OS-Image", "@api.core.v1.NodeSystemInfo.osImage", 1),
    _column("Kernel-Version", "@api.core.v1.NodeSystemInfo.kernelVersion", 1),
    _column("Container-Runtime", "@api.core.v1.NodeSystemInfo.containerRuntimeVersion", 1),
]
_ROLES = [NAME, _column("Created At", f"{_META}.creationTimestamp")]


def _bindings(kind: str) -> list[Column]:
    of = "by a role binding" if kind == "RoleBinding" else "by a cluster role binding"
    return [
        NAME,
        _column("Role", f"@api.rbac.v1.{kind}.roleRef"),
        AGE,
        _column("Users", f"Users specified {of}.", 1),
        _column("Groups", f"Groups specified {of}.", 1),
        _column("ServiceAccounts", f"ServiceAccounts specified {of}.", 1),
    ]


_WEBHOOKS = (
    [
        NAME,
        _column(
            "Webhooks",
            "Webhooks indicates the number of webhooks defined in this configuration",
        ),
        AGE,
    ],
    named(lambda body: len(body.get("webhooks") or ())),
)
FORMS: dict[str, tuple[list[Column], Cells]] = {
    "pods": (_PODS, pod),
    "deployments.apps": (_DEPLOYMENTS, deployment),
    "replicasets.apps": (_REPLICA_SETS, replica_set),
    "daemonsets.apps": (_DAEMON_SETS, daemon_set),
    "statefulsets.apps": (_STATEFUL_SETS, stateful_set),
    "controllerrevisions.apps": (_CONTROLLER_REVISIONS, controller_revision),
    "jobs.batch": (_JOBS, job),
    "cronjobs.batch": (_CRON_JOBS, cron_job),
    "persistentvolumeclaims": (_CLAIMS, claim),
    "services": (_SERVICES, service),
    "events": (_EVENTS, event),
    "nodes": (_NODES, node),
    f"roles.{RBAC}": (_ROLES, role),
    f"clusterroles.{RBAC}": (_ROLES, role),
    f"rolebindings.{RBAC}": (_bindings("RoleBinding"), binding),
    f"clusterrolebindings.{RBAC}": (_bindings("ClusterRoleBinding"), binding),
    "namespaces": (
        [NAME, _column("Status", "The status of the namespace"), AGE],
        named(lambda body: body.get("status", {}).get("phase", "Active")),
    ),
    "configmaps": (
        [NAME, _column("Data", "@api.core.v1.ConfigMap.data"), AGE],
        named(lambda body: len(body.get("data") or {}) + len(body.get("binaryData") or {})),
    ),
    "secrets": (
        [
            NAME,
            _column("Type", "@api.core.v1.Secret.type"),
            _column("Data", "@api.core.v1.Secret.data"),
            AGE,
        ],
        named(lambda body: body.get("type", "Opaque"), lambda body: len(body.get("data") or {})),
    ),
    "networkpolicies.networking.k8s.io": (
        [NAME, _column("Pod-Selector", "@api.networking.v1.NetworkPolicySpec.podSelector"), AGE],
        named(lambda body: selector(body["spec"].get("podSelector"))),
    ),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _WEBHOOKS,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _WEBHOOKS,
    "leases.coordination.k8s.io": (
        [NAME, _column("Holder", "@api.coordination.v1.LeaseSpec.holderIdentity"), AGE],
        named(lambda body: (body.get("spec") or {}).get("holderIdentity", "")),
    ),
}
OTHER: tuple[list[Column], Cells] = ([NAME, AGE], named())


@cache
def definitions(resource: str) -> list[Object]:
    """The columns of a kind, as a Table lists them."""
    return [
        {
            "name": name,
            "type": kind,
            "format": "name" if name == "Name" else "",
            "description": _described(description),
            "priority": priority,
        }
        for name, description, priority, kind in FORMS.get(resource, OTHER)[0]
    ]


def _described(description: str) -> str:
    if not description.startswith("@"):
        return description
    name, _, field = description[1:].rpartition(".")
    found: str = schemas.definitions()[f"io.k8s.{name}"]["properties"][field]["description"]
    return found
