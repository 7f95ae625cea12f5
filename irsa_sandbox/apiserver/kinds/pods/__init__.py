"""Pods.

Source: kubernetes, pkg/registry/core/pod, pkg/apis/core/validation, plugin/pkg/admission.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, WIDE, Column, Row, field
from irsa_sandbox.apiserver.kinds.kind import IN_ALL, STATUS, Field, Kind, Subresource, fields, fill
from irsa_sandbox.apiserver.kinds.pods.admission import admit_service_account
from irsa_sandbox.apiserver.kinds.pods.spec import all_containers, fill_spec
from irsa_sandbox.apiserver.kinds.pods.summary import PodSummary
from irsa_sandbox.apiserver.kinds.pods.updates import update_causes
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.validation.pods import pod_causes

_SESSION = ("create", "get")
_UNREACHABLE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")

NO_PORT_FORWARD = StatusError(
    405,
    "MethodNotAllowed",
    "the sandbox forwards no ports: a Pod has no network of its own, so what listens in it listens "
    "on this machine, at 127.0.0.1 and the same port",
    {},
)
# kubectl says of a 404 without a name that the cluster has none of them, and quotes the text.
NO_EPHEMERAL_CONTAINERS = StatusError(
    404,
    "NotFound",
    "the sandbox adds no containers to a Pod that runs; look into it with kubectl exec, or into a "
    "copy of it with kubectl debug --copy-to",
    {},
)


def _fill(body: Object) -> None:
    fill_spec(body["spec"])
    fill(body["spec"], enableServiceLinks=True)
    for container in all_containers(body["spec"]):
        _fill_requests(container["resources"])


def _fill_requests(resources: Object) -> None:
    """A limit without a request is the request too. Source: API reference, ResourceRequirements."""
    for name, amount in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, amount)


def _first_status(body: Object) -> Object:
    return {"phase": "Pending", "qosClass": _quality(body["spec"])}


def _quality(spec: Object) -> str:
    """Source: Kubernetes documentation, "Pod Quality of Service Classes"."""
    asked = [container.get("resources") or {} for container in spec.get("containers") or ()]
    if not any(one.get("requests") or one.get("limits") for one in asked):
        return "BestEffort"
    full = all({"cpu", "memory"} <= (one.get("limits") or {}).keys() for one in asked)
    equal = all(one.get("requests", one.get("limits")) == one.get("limits") for one in asked)
    return "Guaranteed" if full and equal else "Burstable"


def _admit(store: Store, body: Object) -> None:
    admit_service_account(store, body)
    _tolerate(body["spec"])


def _tolerate(spec: Object) -> None:
    """What admission adds to a Pod for priorities and taints.

    Source: Kubernetes documentation, "Pod Priority and Preemption", "Taints and Tolerations".
    """
    fill(spec, preemptionPolicy="PreemptLowerPriority", priority=0, tolerations=[])
    tolerations = spec["tolerations"]
    for key in _UNREACHABLE:
        if not any(toleration.get("key") in {None, key} for toleration in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )


def _grace(body: Object) -> int | None:
    """The grace period in seconds; a Pod without a node has no process to end."""
    if not body["spec"].get("nodeName"):
        return None
    return int(body["spec"].get("terminationGracePeriodSeconds", 30))


def _ready(row: Row) -> str:
    summary = PodSummary(row.body)
    return f"{summary.ready}/{summary.total}"


def _restarts(row: Row) -> str:
    summary = PodSummary(row.body)
    if summary.restarts and summary.last_restart:
        return f"{summary.restarts} ({row.since(summary.last_restart)} ago)"
    return str(summary.restarts)


def _gates(row: Row) -> str:
    gates = row.spec.get("readinessGates") or ()
    passed = {c["type"] for c in row.status.get("conditions") or () if c["status"] == "True"}
    ready = sum(gate["conditionType"] in passed for gate in gates)
    return f"{ready}/{len(gates)}" if gates else "<none>"


POD = Kind(
    *("", "v1", "pods", "Pod"),
    short_names=("po",),
    categories=IN_ALL,
    subresources=(
        STATUS,
        Subresource("log", ("get",)),
        Subresource("attach", _SESSION, "PodAttachOptions"),
        Subresource("exec", _SESSION, "PodExecOptions"),
        Subresource("binding", ("create",), "Binding"),
        Subresource("eviction", ("create",), "Eviction", "policy"),
        Subresource("portforward", _SESSION, refusal=NO_PORT_FORWARD),
        Subresource(
            "ephemeralcontainers", ("get", "patch", "update"), refusal=NO_EPHEMERAL_CONTAINERS
        ),
    ),
    columns=(
        NAME,
        Column(
            "Ready",
            "The aggregate readiness state of this pod for accepting traffic.",
            _ready,
        ),
        Column(
            "Status",
            "The aggregate status of the containers in this pod.",
            lambda row: PodSummary(row.body).reason,
        ),
        Column(
            "Restarts",
            "The number of times the containers in this pod have been restarted and when the last "
            "container in this pod has restarted.",
            _restarts,
        ),
        AGE,
        field("IP", "core.v1.PodStatus.podIP", "<none>", WIDE),
        field("Node", "core.v1.PodSpec.nodeName", "<none>", WIDE),
        field("Nominated Node", "core.v1.PodStatus.nominatedNodeName", "<none>", WIDE),
        Column("Readiness Gates", "@api.core.v1.PodSpec.readinessGates", _gates, WIDE),
    ),
    selectable=(
        *fields("spec.nodeName", "spec.restartPolicy", "spec.schedulerName"),
        *fields("spec.serviceAccountName", "status.phase", "status.podIP", "status.podIPs"),
        *fields("status.nominatedNodeName"),
        Field("spec.hostNetwork", absent="false"),
    ),
    has_spec=True,
    counts_generation=True,
    first_status=_first_status,
    defaults=_fill,
    admit=_admit,
    validate=pod_causes,
    validate_update=update_causes,
    grace=_grace,
    shown_deleted=True,
    zeroes={
        "Container": ("stdin", "stdinOnce", "tty"),
        "ContainerPort": ("hostPort",),
        "ContainerStateTerminated": ("signal",),
        "EphemeralContainer": ("stdin", "stdinOnce", "tty"),
        "PersistentVolumeClaimVolumeSource": ("readOnly",),
        "PodSpec": ("hostNetwork", "hostPID", "hostIPC"),
        "PodStatus": ("observedGeneration",),
        "Probe": ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"),
        "VolumeMount": ("readOnly",),
    },
    kept={"HostPathVolumeSource": ("type",)},
)
