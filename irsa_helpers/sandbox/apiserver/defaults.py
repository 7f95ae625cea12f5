"""Defaults and checks of the kinds that controllers and kubectl rely on.

Source: Kubernetes API reference; the values are those a real API server fills in.
"""

from __future__ import annotations

from typing import Any

from irsa_helpers.sandbox.apiserver.resources import Resource
from irsa_helpers.sandbox.apiserver.status import StatusError, invalid
from irsa_helpers.sandbox.apiserver.storage import Object


def apply_defaults(resource: Resource, body: Object) -> None:
    """Fill in what the API server fills in, in place."""
    if resource.kind == "Pod":
        _pod_spec(body["spec"])
        body["spec"].setdefault("enableServiceLinks", True)
        body.setdefault("status", {"phase": "Pending", "qosClass": _quality(body["spec"])})
    elif resource.kind in {"Deployment", "ReplicaSet", "Job"}:
        _workload(resource.kind, body)
    elif resource.kind == "Namespace":
        labels = body["metadata"].setdefault("labels", {})
        labels.setdefault("kubernetes.io/metadata.name", body["metadata"]["name"])
        body["spec"] = {"finalizers": ["kubernetes"]}
        body["status"] = {"phase": "Active"}
    elif resource.kind == "Secret":
        body.setdefault("type", "Opaque")
    elif resource.kind == "MutatingWebhookConfiguration":
        _webhooks(body)


def _webhooks(body: Object) -> None:
    for webhook in body.get("webhooks", ()):
        for name, value in (
            ("failurePolicy", "Fail"),
            ("matchPolicy", "Equivalent"),
            ("reinvocationPolicy", "Never"),
            ("timeoutSeconds", 10),
            ("namespaceSelector", {}),
            ("objectSelector", {}),
        ):
            webhook.setdefault(name, value)


def _workload(kind: str, body: Object) -> None:
    spec = body["spec"]
    if kind == "Job":
        for name, value in (("parallelism", 1), ("completions", 1), ("backoffLimit", 6)):
            spec.setdefault(name, value)
    else:
        spec.setdefault("replicas", 1)
    if kind == "Deployment":
        strategy = spec.setdefault("strategy", {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", "25%")
            rolling.setdefault("maxSurge", "25%")
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)
    spec["template"].setdefault("metadata", {})
    _pod_spec(spec["template"]["spec"])


def _pod_spec(spec: Object) -> None:
    for name, value in (
        ("restartPolicy", "Always"),
        ("terminationGracePeriodSeconds", 30),
        ("dnsPolicy", "ClusterFirst"),
        ("securityContext", {}),
        ("schedulerName", "default-scheduler"),
    ):
        spec.setdefault(name, value)
    # The older name of the same field is kept equal.
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in [*spec.get("initContainers", ()), *spec.get("containers", ())]:
        _container(container)
    for volume in spec.get("volumes", ()):
        for kind in ("projected", "configMap", "secret", "downwardAPI"):
            if isinstance(volume.get(kind), dict):
                volume[kind].setdefault("defaultMode", 420)


def admit_pod(spec: Object) -> None:
    """What admission adds to a Pod for priorities and taints, in place.

    Source: Kubernetes documentation, "Pod Priority and Preemption", "Taints and Tolerations".
    """
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(each.get("key") in {None, key} for each in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )


def _quality(spec: Object) -> str:
    """Source: Kubernetes documentation, "Pod Quality of Service Classes"."""
    each = [container.get("resources") or {} for container in spec.get("containers", ())]
    if not any(one.get("requests") or one.get("limits") for one in each):
        return "BestEffort"
    full = all({"cpu", "memory"} <= (one.get("limits") or {}).keys() for one in each)
    equal = all(one.get("requests", one.get("limits")) == one.get("limits") for one in each)
    return "Guaranteed" if full and equal else "Burstable"


def _container(container: Object) -> None:
    image = container.get("image", "")
    latest = ":" not in image.rpartition("/")[2] or image.endswith(":latest")
    for name, value in (
        ("resources", {}),
        ("terminationMessagePath", "/dev/termination-log"),
        ("terminationMessagePolicy", "File"),
        ("imagePullPolicy", "Always" if latest else "IfNotPresent"),
    ):
        container.setdefault(name, value)


def validate(resource: Resource, body: Object) -> None:
    """Raises StatusError 422 where a field that the sandbox needs is missing."""
    causes: list[tuple[str, str, str]] = []
    name = body["metadata"].get("name", "")
    if resource.kind == "Pod":
        causes += _container_causes("spec", body.get("spec") or {})
    elif resource.kind in {"Deployment", "ReplicaSet", "Job"}:
        spec = body.get("spec") or {}
        template = spec.get("template") or {}
        if resource.kind != "Job":
            causes += _selector_causes(spec, template)
        causes += _container_causes("spec.template.spec", template.get("spec") or {})
    if causes:
        raise invalid(resource, name, causes)


def _container_causes(path: str, spec: Object) -> list[tuple[str, str, str]]:
    containers = spec.get("containers") or []
    if not containers:
        return [("FieldValueRequired", f"{path}.containers", "Required value")]
    return [
        ("FieldValueRequired", f"{path}.containers[{i}].{field}", "Required value")
        for i, container in enumerate(containers)
        for field in ("name", "image")
        if not container.get(field)
    ]


def _selector_causes(spec: Object, template: Object) -> list[tuple[str, str, str]]:
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    missing = [("FieldValueRequired", "spec.selector", "Required value")]
    if wanted and all(labels.get(key) == value for key, value in wanted.items()):
        return []
    text = f"Invalid value: {_go_map(labels)}: `selector` does not match template `labels`"
    mismatch = ("FieldValueInvalid", "spec.template.metadata.labels", text)
    return [mismatch] if wanted else [*missing, mismatch]


def _go_map(labels: dict[str, Any]) -> str:
    listed = ",".join(f'"{key}":"{value}"' for key, value in sorted(labels.items()))
    return "{" + listed + "}" if labels else "null"


# What may be changed in the spec of a Pod that exists.
POD_MUTABLE = {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName"}


def check_pod_update(resource: Resource, before: Object, after: Object) -> None:
    """Raises StatusError 422 where an update changes what is fixed once a Pod exists."""
    if _fixed(before["spec"]) == _fixed(after["spec"]):
        return
    text = (
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
        "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
        "set to 1 if it was previously negative)"
    )
    name = before["metadata"]["name"]
    raise invalid(resource, name, [("FieldValueForbidden", "spec", text)])


def _fixed(spec: Object) -> Object:
    fixed = {name: value for name, value in spec.items() if name not in POD_MUTABLE}
    for group in ("containers", "initContainers"):
        if group in fixed:
            fixed[group] = [c | {"image": ""} for c in fixed[group]]
    return fixed


def required(condition: object, message: str) -> None:
    """Raises StatusError 400 with that message where the condition does not hold."""
    if not condition:
        raise StatusError(400, "BadRequest", message)
