"""Requests in protobuf: kubectl sends its typed `create` commands in no other form.

Only requests are read, and only the fields that kubectl's commands set; answers are JSON, which
kubectl accepts. Tag numbers: the `generated.proto` files of kubernetes/api and apimachinery.
Source of the envelope: apimachinery, runtime.Unknown ("k8s" and a zero byte, then the message).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from irsa_helpers.sandbox.apiserver.status import bad_request

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
_VARINT, _I64, _LENGTH, _I32 = 0, 1, 2, 5

# A field is "name:type": s text, i number, b boolean, y bytes as base64, t time, q quantity,
# x int-or-string, {s} and {y} maps, otherwise another message; [] marks a list.
_MESSAGES: dict[str, dict[int, str]] = {
    "ObjectMeta": {
        1: "name:s", 2: "generateName:s", 3: "namespace:s", 5: "uid:s", 6: "resourceVersion:s",
        7: "generation:i", 8: "creationTimestamp:t", 11: "labels:{s}", 12: "annotations:{s}",
        13: "ownerReferences:[OwnerReference]", 14: "finalizers:[s]",
    },
    "OwnerReference": {
        1: "kind:s", 3: "name:s", 4: "uid:s", 5: "apiVersion:s", 6: "controller:b",
        7: "blockOwnerDeletion:b",
    },
    "ObjectReference": {1: "kind:s", 2: "namespace:s", 3: "name:s", 4: "uid:s", 5: "apiVersion:s"},
    "LocalObjectReference": {1: "name:s"},
    "ServiceAccount": {
        1: "metadata:ObjectMeta", 2: "secrets:[ObjectReference]",
        3: "imagePullSecrets:[LocalObjectReference]", 4: "automountServiceAccountToken:b",
    },
    "Namespace": {1: "metadata:ObjectMeta"},
    "ConfigMap": {1: "metadata:ObjectMeta", 2: "data:{s}", 3: "binaryData:{y}", 4: "immutable:b"},
    "Secret": {
        1: "metadata:ObjectMeta", 2: "data:{y}", 3: "type:s", 4: "stringData:{s}", 5: "immutable:b",
    },
    "TokenRequest": {1: "metadata:ObjectMeta", 2: "spec:TokenRequestSpec"},
    "TokenRequestSpec": {
        1: "audiences:[s]", 3: "boundObjectRef:BoundObjectReference", 4: "expirationSeconds:i",
    },
    "BoundObjectReference": {1: "kind:s", 2: "apiVersion:s", 3: "name:s", 4: "uid:s"},
    "TokenReview": {1: "metadata:ObjectMeta", 2: "spec:TokenReviewSpec"},
    "TokenReviewSpec": {1: "token:s", 2: "audiences:[s]"},
    "SelfSubjectReview": {1: "metadata:ObjectMeta"},
    "SelfSubjectAccessReview": {1: "metadata:ObjectMeta", 2: "spec:SelfSubjectAccessReviewSpec"},
    "SelfSubjectAccessReviewSpec": {
        1: "resourceAttributes:ResourceAttributes",
        2: "nonResourceAttributes:NonResourceAttributes",
    },
    "SubjectAccessReview": {1: "metadata:ObjectMeta", 2: "spec:SubjectAccessReviewSpec"},
    "SubjectAccessReviewSpec": {
        1: "resourceAttributes:ResourceAttributes",
        2: "nonResourceAttributes:NonResourceAttributes", 3: "user:s", 4: "groups:[s]",
    },
    "SelfSubjectRulesReview": {1: "metadata:ObjectMeta", 2: "spec:SelfSubjectRulesReviewSpec"},
    "SelfSubjectRulesReviewSpec": {1: "namespace:s"},
    "ResourceAttributes": {
        1: "namespace:s", 2: "verb:s", 3: "group:s", 4: "version:s", 5: "resource:s",
        6: "subresource:s", 7: "name:s",
    },
    "NonResourceAttributes": {1: "path:s", 2: "verb:s"},
    "Role": {1: "metadata:ObjectMeta", 2: "rules:[PolicyRule]"},
    "ClusterRole": {
        1: "metadata:ObjectMeta", 2: "rules:[PolicyRule]", 3: "aggregationRule:AggregationRule",
    },
    "AggregationRule": {1: "clusterRoleSelectors:[LabelSelector]"},
    "PolicyRule": {
        1: "verbs:[s]", 2: "apiGroups:[s]", 3: "resources:[s]", 4: "resourceNames:[s]",
        5: "nonResourceURLs:[s]",
    },
    "RoleBinding": {1: "metadata:ObjectMeta", 2: "subjects:[Subject]", 3: "roleRef:RoleRef"},
    "ClusterRoleBinding": {1: "metadata:ObjectMeta", 2: "subjects:[Subject]", 3: "roleRef:RoleRef"},
    "Subject": {1: "kind:s", 2: "apiGroup:s", 3: "name:s", 4: "namespace:s"},
    "RoleRef": {1: "apiGroup:s", 2: "kind:s", 3: "name:s"},
    "LabelSelector": {1: "matchLabels:{s}", 2: "matchExpressions:[LabelRequirement]"},
    "LabelRequirement": {1: "key:s", 2: "operator:s", 3: "values:[s]"},
    "Deployment": {1: "metadata:ObjectMeta", 2: "spec:DeploymentSpec"},
    "DeploymentSpec": {
        1: "replicas:i", 2: "selector:LabelSelector", 3: "template:PodTemplateSpec",
        4: "strategy:DeploymentStrategy", 5: "minReadySeconds:i", 6: "revisionHistoryLimit:i",
        7: "paused:b", 9: "progressDeadlineSeconds:i",
    },
    "DeploymentStrategy": {1: "type:s", 2: "rollingUpdate:RollingUpdate"},
    "RollingUpdate": {1: "maxUnavailable:x", 2: "maxSurge:x"},
    "Job": {1: "metadata:ObjectMeta", 2: "spec:JobSpec"},
    "JobSpec": {
        1: "parallelism:i", 2: "completions:i", 3: "activeDeadlineSeconds:i",
        4: "selector:LabelSelector", 6: "template:PodTemplateSpec", 7: "backoffLimit:i",
    },
    "PodTemplateSpec": {1: "metadata:ObjectMeta", 2: "spec:PodSpec"},
    "Pod": {1: "metadata:ObjectMeta", 2: "spec:PodSpec"},
    "PodSpec": {
        2: "containers:[Container]", 3: "restartPolicy:s", 4: "terminationGracePeriodSeconds:i",
        6: "dnsPolicy:s", 7: "nodeSelector:{s}", 8: "serviceAccountName:s", 9: "serviceAccount:s",
        10: "nodeName:s", 19: "schedulerName:s", 20: "initContainers:[Container]",
        21: "automountServiceAccountToken:b",
    },
    "Container": {
        1: "name:s", 2: "image:s", 3: "command:[s]", 4: "args:[s]", 5: "workingDir:s",
        6: "ports:[ContainerPort]", 7: "env:[EnvVar]", 14: "imagePullPolicy:s", 16: "stdin:b",
        17: "stdinOnce:b", 18: "tty:b",
    },
    "ContainerPort": {1: "name:s", 2: "hostPort:i", 3: "containerPort:i", 4: "protocol:s"},
    "EnvVar": {1: "name:s", 2: "value:s"},
    "Service": {1: "metadata:ObjectMeta", 2: "spec:ServiceSpec"},
    "ServiceSpec": {
        1: "ports:[ServicePort]", 2: "selector:{s}", 3: "clusterIP:s", 4: "type:s",
        5: "externalIPs:[s]", 7: "sessionAffinity:s", 8: "loadBalancerIP:s", 10: "externalName:s",
        11: "externalTrafficPolicy:s", 17: "ipFamilyPolicy:s", 22: "internalTrafficPolicy:s",
    },
    "ServicePort": {1: "name:s", 2: "protocol:s", 3: "port:i", 4: "targetPort:x", 5: "nodePort:i"},
    "DeleteOptions": {
        1: "gracePeriodSeconds:i", 2: "preconditions:Preconditions", 4: "propagationPolicy:s",
        5: "dryRun:[s]",
    },
    "Preconditions": {1: "uid:s", 2: "resourceVersion:s"},
    "Scale": {1: "metadata:ObjectMeta", 2: "spec:ScaleSpec"},
    "ScaleSpec": {1: "replicas:i"},
    "Binding": {1: "metadata:ObjectMeta", 2: "target:ObjectReference"},
    "Eviction": {1: "metadata:ObjectMeta", 2: "deleteOptions:DeleteOptions"},
    "Time": {1: "seconds:i", 2: "nanos:i"},
    "IntOrString": {1: "type:i", 2: "intVal:i", 3: "strVal:s"},
    "TypeMeta": {1: "apiVersion:s", 2: "kind:s"},
    "Unknown": {1: "typeMeta:TypeMeta", 2: "raw:y"},
}  # fmt: skip


def decode(body: bytes) -> dict[str, Any]:
    """The object of a protobuf request body. Raises StatusError 400 for one it cannot read."""
    if not body.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message")
    try:
        envelope = _message("Unknown", body[len(MAGIC) :])
        kind = envelope["typeMeta"]["kind"]
        if kind not in _MESSAGES:
            raise bad_request(f"the sandbox reads no {kind} in protobuf; send it as JSON or YAML")
        raw = base64.b64decode(envelope.get("raw", ""))
        return {**envelope["typeMeta"], **_message(kind, raw)}
    except (IndexError, KeyError, UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"the protobuf message cannot be read: {error}") from error


def _message(name: str, body: bytes) -> dict[str, Any]:
    fields = _MESSAGES[name]
    result: dict[str, Any] = {}
    for number, wire, raw in _wire(body):
        if number in fields:
            member, _, form = fields[number].partition(":")
            _put(result, member, form, wire, raw)
    return result


def _put(result: dict[str, Any], member: str, form: str, wire: int, raw: Any) -> None:
    if form.startswith("["):
        result.setdefault(member, []).append(_value(form[1:-1], wire, raw))
    elif form.startswith("{"):
        entry = {number: part for number, _, part in _wire(raw)}
        key = entry.get(1, b"").decode()
        result.setdefault(member, {})[key] = _value(form[1:-1], _LENGTH, entry.get(2, b""))
    else:
        value = _value(form, wire, raw)
        # An empty text is how a typed client says "not set".
        if value not in ("", None):
            result[member] = value


def _value(form: str, wire: int, raw: Any) -> Any:
    if form == "s":
        return raw.decode()
    if form == "y":
        return base64.b64encode(raw).decode()
    if form == "b":
        return bool(raw)
    if form == "i":
        return raw - (1 << 64) if raw >> 63 else raw
    if form == "t":
        seconds = _message("Time", raw).get("seconds")
        moment = datetime.fromtimestamp(seconds, UTC) if seconds else None
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
    if form == "x":
        either = _message("IntOrString", raw)
        return either.get("strVal", "") if either.get("type") else either.get("intVal", 0)
    return _message(form, raw)


def _wire(body: bytes) -> Iterator[tuple[int, int, Any]]:
    """(field number, wire type, value) of each field. Source: protobuf's encoding document."""
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(body, at)
            yield number, wire, value
            continue
        if wire == _LENGTH:
            size, at = _varint(body, at)
        elif wire in (_I64, _I32):
            size = 8 if wire == _I64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(body):
            raise ValueError("the message is cut short")
        yield number, wire, body[at : at + size]
        at += size


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
