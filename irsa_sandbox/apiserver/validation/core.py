"""ConfigMaps, Secrets, Services and Nodes.

Source: kubernetes, pkg/apis/core/validation.
"""

from __future__ import annotations

import base64
from typing import Any

from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.go_json import syntax_fault
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    duplicate,
    invalid,
    invalid_each,
    required,
    too_long,
    unsupported,
)
from irsa_sandbox.apiserver.validation.metadata import label_causes
from irsa_sandbox.apiserver.validation.pods import TAINT_EFFECTS
from irsa_sandbox.apiserver.validation.probes import port_or_name

LARGEST_BYTES = 1024 * 1024
ACCOUNT = "kubernetes.io/service-account.name"
# Type of a Secret -> the keys that it must have.
SECRET_KEYS: dict[str, tuple[str, ...]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
NODE_PORTS = "provided port is not in the valid range. The range of valid ports is 30000-32767"


def config_map(body: Object) -> list[Cause]:
    """What is wrong with a ConfigMap."""
    found: list[Cause] = []
    data, binary = body.get("data") or {}, body.get("binaryData") or {}
    for key in data:
        found += invalid_each(f"data[{key}]", key, formats.config_key(key))
        if key in binary:
            text = "duplicate of key present in binaryData"
            found.append(invalid(f"data[{key}]", key, text))
    for key in binary:
        found += invalid_each(f"binaryData[{key}]", key, formats.config_key(key))
    return found + _size([*(text or "" for text in data.values()), *map(_decoded, binary.values())])


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("latin-1")


def _size(texts: list[str]) -> list[Cause]:
    # The API server names no field here.
    large = sum(len(text.encode()) for text in texts) > LARGEST_BYTES
    return [too_long("[]", LARGEST_BYTES)] if large else []


def secret(body: Object) -> list[Cause]:
    """What is wrong with a Secret."""
    data, kind = body.get("data") or {}, body.get("type", "Opaque")
    found: list[Cause] = []
    for key in data:
        found += invalid_each(f"data[{key}]", key, formats.config_key(key))
    found += _size([_decoded(text or "") for text in data.values()])
    if kind == "kubernetes.io/service-account-token":
        if not (body["metadata"].get("annotations") or {}).get(ACCOUNT):
            found.append(required(f"metadata.annotations[{ACCOUNT}]"))
    elif kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        found += [required("data[username]"), required("data[password]")]
    for key in SECRET_KEYS.get(kind, ()):
        if key not in data:
            found.append(required(f"data[{key}]"))
        elif key.startswith(".") and (fault := syntax_fault(_decoded(data[key]))):
            found.append(invalid(f"data[{key}]", "<secret contents redacted>", fault))
    return found


def service(body: Object) -> list[Cause]:
    """What is wrong with a Service."""
    spec = body.get("spec") or {}
    kind, ports = spec.get("type", "ClusterIP"), spec.get("ports") or []
    found: list[Cause] = []
    if not ports and spec.get("clusterIP") != "None" and kind != "ExternalName":
        found.append(required("spec.ports"))
    if kind == "ExternalName" and not spec.get("externalName"):
        found.append(required("spec.externalName"))
    names: set[str] = set()
    for index, port in enumerate(ports):
        found += _port(f"spec.ports[{index}]", port, names, named=len(ports) > 1)
    found += _same_ports(ports)
    found += label_causes("spec.selector", spec.get("selector") or {})
    affinities = ("ClientIP", "None")
    if spec.get("sessionAffinity", "None") not in affinities:
        found.append(unsupported("spec.sessionAffinity", spec["sessionAffinity"], affinities))
    if kind not in SERVICE_TYPES:
        found.append(unsupported("spec.type", kind, SERVICE_TYPES))
    return found


def _port(path: str, port: Object, names: set[str], *, named: bool) -> list[Cause]:
    found: list[Cause] = []
    name, protocol = port.get("name", ""), port.get("protocol", "TCP")
    if not name and named:
        found.append(required(f"{path}.name"))
    elif name:
        found += invalid_each(f"{path}.name", name, formats.dns_label(name))
        if name in names:
            found.append(duplicate(f"{path}.name", name))
        names.add(name)
    number = port.get("port", 0)
    found += invalid_each(f"{path}.port", number, formats.port_number(number))
    if protocol not in ("SCTP", "TCP", "UDP"):
        found.append(unsupported(f"{path}.protocol", protocol, ("SCTP", "TCP", "UDP")))
    found += port_or_name(f"{path}.targetPort", port.get("targetPort", number or 1))
    node_port = port.get("nodePort")
    if node_port and not 30000 <= node_port <= 32767:
        found.append(invalid(f"{path}.nodePort", node_port, NODE_PORTS))
    return found


def _same_ports(ports: list[Object]) -> list[Cause]:
    found: list[Cause] = []
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        number, protocol = port.get("port", 0), port.get("protocol", "TCP")
        if (number, protocol) in seen:
            given = {"port": number, "protocol": protocol}
            found.append(duplicate(f"spec.ports[{index}]", given))
        seen.add((number, protocol))
    return found


def event(body: Object) -> list[Cause]:
    """What is wrong with an Event."""
    about = (body.get("involvedObject") or {}).get("namespace", "")
    namespace = body["metadata"].get("namespace", "")
    fits = namespace == about or (not about and namespace == "default")
    text = "does not match event.namespace"
    return [] if fits else [invalid("involvedObject.namespace", about, text)]


def lease(body: Object) -> list[Cause]:
    """What is wrong with a Lease."""
    spec = body.get("spec") or {}
    found: list[Cause] = []
    seconds, turns = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if seconds is not None and seconds <= 0:
        text = "must be greater than 0"
        found.append(invalid("spec.leaseDurationSeconds", seconds, text))
    if turns is not None and turns < 0:
        text = "must be greater than or equal to 0"
        found.append(invalid("spec.leaseTransitions", turns, text))
    return found


def node(body: Object) -> list[Cause]:
    """What is wrong with a Node."""
    found: list[Cause] = []
    for index, taint in enumerate((body.get("spec") or {}).get("taints") or ()):
        place, key = f"spec.taints[{index}]", taint.get("key", "")
        found += invalid_each(f"{place}.key", key, formats.qualified_name(key))
        if value := taint.get("value"):
            found += invalid_each(f"{place}.value", value, formats.label_value(value))
        effect = taint.get("effect", "")
        if not effect:
            found.append(required(f"{place}.effect"))
        elif effect not in TAINT_EFFECTS:
            found.append(unsupported(f"{place}.effect", effect, TAINT_EFFECTS))
    return found
