"""The Table form of lists, which `kubectl get` prints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from irsa_helpers.sandbox.apiserver.storage import Object

Cells = Callable[[Object, datetime], list[Any]]
Column = tuple[str, int]  # name, priority (1: only with -o wide)


def age(body: Object, now: datetime) -> str:
    """How long ago the object was made, in kubectl's short form."""
    return duration(body["metadata"].get("creationTimestamp"), now)


def duration(since: str | None, now: datetime) -> str:
    """`5s`, `3m20s`, `2h`, `4d3h`. Source: apimachinery, HumanDuration."""
    if not since:
        return "<unknown>"
    seconds = int((now - datetime.fromisoformat(since)).total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


def _pod(body: Object, now: datetime) -> list[Any]:
    spec, status = body["spec"], body.get("status", {})
    containers = status.get("containerStatuses") or []
    ready = sum(bool(each.get("ready")) for each in containers)
    restarts = sum(each.get("restartCount", 0) for each in containers)
    return [
        body["metadata"]["name"],
        f"{ready}/{len(spec['containers'])}",
        _pod_reason(body, containers),
        str(restarts),
        age(body, now),
        status.get("podIP", "<none>"),
        spec.get("nodeName", "<none>"),
        "<none>",
        "<none>",
    ]


def _pod_reason(body: Object, containers: list[Object]) -> str:
    if body["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for each in reversed(containers):
        state = each.get("state", {})
        reason = state.get("waiting", {}).get("reason") or state.get("terminated", {}).get("reason")
        if reason:
            return str(reason)
    status = body.get("status", {})
    return str(status.get("reason") or status.get("phase", "Unknown"))


def _containers(body: Object) -> list[Any]:
    containers = body["spec"]["template"]["spec"]["containers"]
    selector = body["spec"].get("selector", {}).get("matchLabels", {})
    return [
        ",".join(each["name"] for each in containers),
        ",".join(each.get("image", "") for each in containers),
        ",".join(f"{key}={value}" for key, value in selector.items()),
    ]


def _deployment(body: Object, now: datetime) -> list[Any]:
    spec, status = body["spec"], body.get("status", {})
    return [
        body["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(body, now),
        *_containers(body),
    ]


def _replica_set(body: Object, now: datetime) -> list[Any]:
    status = body.get("status", {})
    return [
        body["metadata"]["name"],
        body["spec"].get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(body, now),
        *_containers(body),
    ]


def _event(body: Object, now: datetime) -> list[Any]:
    involved, source = body["involvedObject"], body.get("source") or {}
    made = body["metadata"].get("creationTimestamp")
    return [
        duration(body.get("lastTimestamp") or made, now),
        body.get("type", ""),
        body.get("reason", ""),
        f"{involved['kind'].lower()}/{involved['name']}",
        involved.get("fieldPath", ""),
        ", ".join(filter(None, (source.get("component"), source.get("host")))),
        body.get("message", ""),
        duration(body.get("firstTimestamp") or made, now),
        str(body.get("count", 1)),
        body["metadata"]["name"],
    ]


def _job(body: Object, now: datetime) -> list[Any]:
    spec, status = body["spec"], body.get("status", {})
    ended = [c["type"] for c in status.get("conditions") or () if c.get("status") == "True"]
    state = next((name for name in ("Failed", "Complete") if name in ended), "Running")
    finished = status.get("completionTime")
    until = datetime.fromisoformat(finished) if finished else now
    return [
        body["metadata"]["name"],
        state,
        f"{status.get('succeeded', 0)}/{spec.get('completions', 1)}",
        duration(status.get("startTime"), until) if status.get("startTime") else "",
        age(body, now),
        *_containers(body),
    ]


def _service(body: Object, now: datetime) -> list[Any]:
    spec = body.get("spec") or {}
    ports = [f"{each['port']}/{each.get('protocol', 'TCP')}" for each in spec.get("ports") or ()]
    selector = spec.get("selector") or {}
    return [
        body["metadata"]["name"],
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP", "<none>"),
        "<none>",
        ",".join(ports) or "<none>",
        age(body, now),
        ",".join(f"{key}={value}" for key, value in selector.items()) or "<none>",
    ]


def _role(body: Object, _now: datetime) -> list[Any]:
    return [body["metadata"]["name"], body["metadata"].get("creationTimestamp")]


def _role_of(body: Object) -> str:
    return f"{body['roleRef']['kind']}/{body['roleRef']['name']}"


def _node(body: Object, now: datetime) -> list[Any]:
    status = body.get("status", {})
    conditions = status.get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    info = status.get("nodeInfo", {})
    addresses = {each["type"]: each["address"] for each in status.get("addresses", ())}
    return [
        body["metadata"]["name"],
        "Ready" if ready else "NotReady",
        "<none>",
        age(body, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info.get("osImage", ""),
        info.get("kernelVersion", ""),
        info.get("containerRuntimeVersion", ""),
    ]


def _named(*middle: Callable[[Object], Any]) -> Cells:
    """A row of name, some values, and age."""
    return lambda body, now: [
        body["metadata"]["name"],
        *(each(body) for each in middle),
        age(body, now),
    ]


_WIDE_TEMPLATE: list[Column] = [("Containers", 1), ("Images", 1), ("Selector", 1)]
FORMS: dict[str, tuple[list[Column], Cells]] = {
    "pods": (
        [
            *((name, 0) for name in ("Name", "Ready", "Status", "Restarts", "Age")),
            *((name, 1) for name in ("IP", "Node", "Nominated Node", "Readiness Gates")),
        ],
        _pod,
    ),
    "deployments.apps": (
        [
            *((name, 0) for name in ("Name", "Ready", "Up-to-date", "Available", "Age")),
            *_WIDE_TEMPLATE,
        ],
        _deployment,
    ),
    "replicasets.apps": (
        [
            *((name, 0) for name in ("Name", "Desired", "Current", "Ready", "Age")),
            *_WIDE_TEMPLATE,
        ],
        _replica_set,
    ),
    "jobs.batch": (
        [
            *((name, 0) for name in ("Name", "Status", "Completions", "Duration", "Age")),
            *_WIDE_TEMPLATE,
        ],
        _job,
    ),
    "services": (
        [
            *((name, 0) for name in ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)")),
            ("Age", 0),
            ("Selector", 1),
        ],
        _service,
    ),
    "roles.rbac.authorization.k8s.io": ([("Name", 0), ("Created At", 0)], _role),
    "clusterroles.rbac.authorization.k8s.io": ([("Name", 0), ("Created At", 0)], _role),
    "rolebindings.rbac.authorization.k8s.io": (
        [("Name", 0), ("Role", 0), ("Age", 0)],
        _named(_role_of),
    ),
    "clusterrolebindings.rbac.authorization.k8s.io": (
        [("Name", 0), ("Role", 0), ("Age", 0)],
        _named(_role_of),
    ),
    "events": (
        [
            *((name, 0) for name in ("Last Seen", "Type", "Reason", "Object")),
            *((name, 1) for name in ("Subobject", "Source")),
            ("Message", 0),
            *((name, 1) for name in ("First Seen", "Count", "Name")),
        ],
        _event,
    ),
    "nodes": (
        [
            *((name, 0) for name in ("Name", "Status", "Roles", "Age", "Version")),
            *((name, 1) for name in ("Internal-IP", "External-IP", "OS-Image")),
            *((name, 1) for name in ("Kernel-Version", "Container-Runtime")),
        ],
        _node,
    ),
    "namespaces": (
        [("Name", 0), ("Status", 0), ("Age", 0)],
        _named(lambda body: body.get("status", {}).get("phase", "Active")),
    ),
    "configmaps": (
        [("Name", 0), ("Data", 0), ("Age", 0)],
        _named(lambda body: len(body.get("data") or {}) + len(body.get("binaryData") or {})),
    ),
    "secrets": (
        [("Name", 0), ("Type", 0), ("Data", 0), ("Age", 0)],
        _named(lambda body: body.get("type", "Opaque"), lambda body: len(body.get("data") or {})),
    ),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": (
        [("Name", 0), ("Webhooks", 0), ("Age", 0)],
        _named(lambda body: len(body.get("webhooks") or ())),
    ),
}
OTHER: tuple[list[Column], Cells] = ([("Name", 0), ("Age", 0)], _named())


def table(
    resource: str,
    bodies: list[Object],
    metadata: Object,
    now: datetime,
    *,
    columns: bool = True,
    include: str = "Metadata",
) -> Object:
    """The Table of some objects; each row carries the object's metadata alone."""
    listed, cells = FORMS.get(resource, OTHER)
    definitions = [
        {
            "name": name,
            "type": "string",
            "format": "name" if name == "Name" else "",
            "description": "",
            "priority": priority,
        }
        for name, priority in listed
    ]
    rows = [{"cells": cells(body, now)} | _included(body, include) for body in bodies]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions if columns else [],
        "rows": rows,
    }


def _included(body: Object, include: str) -> Object:
    """What a row carries beside its cells: by default the metadata, as `includeObject` says."""
    if include == "None":
        return {}
    if include == "Object":
        return {"object": body}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {"object": partial | {"metadata": body["metadata"]}}
