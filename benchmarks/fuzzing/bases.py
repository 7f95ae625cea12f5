"""Valid objects of each kind, to be changed: some by hand, the rest out of the published schema."""

from __future__ import annotations

import functools
from typing import Any

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.kinds import KINDS
from irsa_sandbox.apiserver.structure.fieldsets import resolved, schema_of

NAMESPACE = "fuzz"
NAME = "fuzz-a"
DEEPEST = 6
STORED = tuple(resource for resource in KINDS if not resource.read_only)

_CONTAINER: dict[str, Any] = {
    "name": "c",
    "image": "i",
    "command": ["/bin/true"],
    "ports": [{"name": "http", "containerPort": 80, "hostPort": 80, "protocol": "TCP"}],
    "env": [
        {"name": "A", "value": "$(B)"},
        {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['a']"}}},
        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
    ],
    "envFrom": [{"prefix": "p", "configMapRef": {"name": "c"}}],
    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m"}},
    "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "a"}],
    "livenessProbe": {"httpGet": {"port": 80, "path": "/"}, "periodSeconds": 5},
    "securityContext": {"runAsUser": 1000, "capabilities": {"drop": ["ALL"]}},
}
_TOKEN = {"serviceAccountToken": {"audience": "a", "expirationSeconds": 3600, "path": "t"}}
_VOLUMES = [
    {"name": "v", "projected": {"sources": [_TOKEN, {"downwardAPI": {"items": []}}]}},
    {"name": "m", "configMap": {"name": "c", "items": [{"key": "a", "path": "b"}]}},
    {"name": "e", "emptyDir": {"sizeLimit": "1Gi"}},
]
_POD = {
    "schedulerName": "nobody",
    "containers": [_CONTAINER],
    "volumes": _VOLUMES,
    "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}
                ]
            }
        }
    },
}
_LABELS = {"a": "b"}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": _POD}
_SELECTOR = {
    "matchLabels": _LABELS,
    "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}],
}
_WORKLOAD = {"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE}
_JOB = {
    "parallelism": 1,
    "backoffLimit": 1,
    "template": _TEMPLATE | {"spec": _POD | {"restartPolicy": "Never"}},
}
_RULE = {
    "apiGroups": [""],
    "resources": ["pods", "pods/log"],
    "verbs": ["get"],
    "resourceNames": ["a"],
}
_SUBJECT = {"kind": "ServiceAccount", "name": "u", "namespace": "d"}
_HOOK = {
    "name": "a.b.c",
    "clientConfig": {"url": "https://127.0.0.1:1/x"},
    "rules": [
        {
            "operations": ["CREATE"],
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "resources": ["configmaps"],
        }
    ],
    "failurePolicy": "Ignore",
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "timeoutSeconds": 1,
    "namespaceSelector": _SELECTOR,
    "matchConditions": [{"name": "m", "expression": "object.metadata.name == 'x'"}],
}
_BY_HAND: dict[str, dict[str, Any]] = {
    "Pod": {"spec": _POD},
    "ConfigMap": {"data": {"k": "v"}, "binaryData": {"b": "Yg=="}, "immutable": False},
    "Secret": {"type": "Opaque", "data": {"a": "Yg=="}, "stringData": {"c": "d"}},
    "Service": {"spec": {"ports": [{"port": 80, "targetPort": "http"}], "selector": _LABELS}},
    "ServiceAccount": {"secrets": [{"name": "s"}], "automountServiceAccountToken": True},
    "Deployment": {"spec": _WORKLOAD | {"strategy": {"rollingUpdate": {"maxSurge": "25%"}}}},
    "ReplicaSet": {"spec": _WORKLOAD},
    "DaemonSet": {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    "StatefulSet": {"spec": _WORKLOAD | {"serviceName": "s"}},
    "Job": {"spec": _JOB},
    "CronJob": {
        "spec": {"schedule": "*/5 * * * *", "timeZone": "Etc/UTC", "jobTemplate": {"spec": _JOB}}
    },
    "NetworkPolicy": {
        "spec": {
            "podSelector": _SELECTOR,
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
                    "ports": [{"port": 80, "endPort": 90}],
                }
            ],
        }
    },
    "Role": {"rules": [_RULE]},
    "ClusterRole": {"rules": [_RULE], "aggregationRule": {"clusterRoleSelectors": [_SELECTOR]}},
    "RoleBinding": {
        "subjects": [_SUBJECT],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    },
    "ClusterRoleBinding": {
        "subjects": [_SUBJECT],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    },
    "MutatingWebhookConfiguration": {"webhooks": [_HOOK]},
    "ValidatingWebhookConfiguration": {"webhooks": [_HOOK]},
    "Event": {
        "involvedObject": {"kind": "Pod", "name": "x", "namespace": NAMESPACE},
        "reason": "R",
        "message": "m",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
    },
    "Lease": {
        "spec": {
            "holderIdentity": "h",
            "leaseDurationSeconds": 15,
            "renewTime": "2026-01-01T00:00:00.000000Z",
        }
    },
    "PersistentVolumeClaim": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
}


def bases(resource: Resource) -> list[dict[str, Any]]:
    """Objects of a kind: the one made by hand, if any, and one with every field of the schema."""
    found = [_filled_object(resource)]
    if resource.kind in _BY_HAND:
        found.insert(0, _object(resource, _BY_HAND[resource.kind]))
    return found


def _object(resource: Resource, body: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": NAME, "labels": _LABELS, "annotations": {"a": "b"}}
    metadata["ownerReferences"] = [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}]
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata} | body


@functools.cache
def _filled_object(resource: Resource) -> dict[str, Any]:
    filled = _filled(schema_of(resource), 0)
    return _object(resource, {n: v for n, v in filled.items() if n not in {"metadata"}})


def _filled(schema: dict[str, Any], depth: int) -> Any:
    schema = resolved(schema)
    if depth > DEEPEST:
        return None
    if "properties" in schema:
        return {name: _filled(each, depth + 1) for name, each in schema["properties"].items()}
    kind = schema.get("type")
    if kind == "array":
        return [_filled(schema.get("items") or {}, depth + 1)]
    if kind == "object":
        return {"a": _filled(schema.get("additionalProperties") or {}, depth + 1)}
    if schema.get("enum"):
        return schema["enum"][0]
    by_format = {"date-time": "2026-01-01T00:00:00Z", "byte": "Yg==", "int-or-string": 1}
    by_type = {"integer": 1, "number": 1, "boolean": True, "string": "a"}
    return by_format.get(schema.get("format", ""), by_type.get(str(kind), "a"))
