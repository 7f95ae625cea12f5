"""Services. They are records alone: nothing in the sandbox forwards traffic to a Pod.

Source: Kubernetes documentation, "Service ClusterIP allocation"; kubernetes,
pkg/apis/core/validation.
"""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, WIDE, Column, Row, field
from irsa_sandbox.apiserver.kinds.kind import IN_ALL, STATUS, Kind, fields, fill
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.validation.causes import (
    duplicate,
    invalid,
    invalid_each,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.metadata import label_causes
from irsa_sandbox.apiserver.validation.probes import port_or_name

# The range that Amazon EKS uses where the VPC does not.
NETWORK = ipaddress.ip_network("10.100.0.0/16")
FIRST_ADDRESS = str(NETWORK[1])
NODE_PORTS = range(30000, 32768)
TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
NOT_A_NODE_PORT = "provided port is not in the valid range. The range of valid ports is 30000-32767"
_ADDRESSES = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")


def _fill(body: Object) -> None:
    spec = body["spec"]
    fill(spec, sessionAffinity="None", type="ClusterIP")
    if spec["type"] != "ExternalName":
        fill(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        fill(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        fill(spec, allocateLoadBalancerNodePorts=True)
    for port in spec.get("ports") or ():
        fill(port, protocol="TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)


def _keep_addresses(before: Object, after: Object) -> None:
    """A Service that does not name its addresses keeps those it has."""
    for name in _ADDRESSES:
        if name in before["spec"] and not after["spec"].get(name):
            after["spec"][name] = before["spec"][name]


def _give_addresses(store: Store, body: Object) -> None:
    """Give the Service what it does not name itself."""
    spec = body["spec"]
    if spec.get("type") == "ExternalName":
        return
    address = spec.get("clusterIP") or _free_address(store)
    spec["clusterIP"] = address
    fill(spec, clusterIPs=[address], ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                port["nodePort"] = _free_node_port(store)


def _free_address(store: Store) -> str:
    taken = {body["spec"].get("clusterIP") for body in store.list(SERVICE.qualified)}
    while True:
        # The first addresses are left to those who ask for one by name, such as DNS.
        address = str(NETWORK[256 + secrets.randbelow(NETWORK.num_addresses - 512)])
        if address not in taken:
            return address


def _free_node_port(store: Store) -> int:
    taken = {
        port.get("nodePort")
        for body in store.list(SERVICE.qualified)
        for port in body["spec"].get("ports") or ()
    }
    return secrets.choice([port for port in NODE_PORTS if port not in taken])


def _causes(body: Object) -> list[Cause]:
    spec = body.get("spec") or {}
    kind, ports = spec.get("type", "ClusterIP"), spec.get("ports") or []
    causes: list[Cause] = []
    if not ports and spec.get("clusterIP") != "None" and kind != "ExternalName":
        causes.append(required("spec.ports"))
    if kind == "ExternalName" and not spec.get("externalName"):
        causes.append(required("spec.externalName"))
    names: set[str] = set()
    for index, port in enumerate(ports):
        causes += _port_causes(f"spec.ports[{index}]", port, names, named=len(ports) > 1)
    causes += _same_ports(ports)
    causes += label_causes("spec.selector", spec.get("selector") or {})
    affinities = ("ClientIP", "None")
    if spec.get("sessionAffinity", "None") not in affinities:
        causes.append(unsupported("spec.sessionAffinity", spec["sessionAffinity"], affinities))
    if kind not in TYPES:
        causes.append(unsupported("spec.type", kind, TYPES))
    return causes


def _port_causes(path: str, port: Object, names: set[str], *, named: bool) -> list[Cause]:
    causes: list[Cause] = []
    name, protocol = port.get("name", ""), port.get("protocol", "TCP")
    if not name and named:
        causes.append(required(f"{path}.name"))
    elif name:
        causes += invalid_each(f"{path}.name", name, formats.dns_label(name))
        if name in names:
            causes.append(duplicate(f"{path}.name", name))
        names.add(name)
    number = port.get("port", 0)
    causes += invalid_each(f"{path}.port", number, formats.port_number(number))
    if protocol not in ("SCTP", "TCP", "UDP"):
        causes.append(unsupported(f"{path}.protocol", protocol, ("SCTP", "TCP", "UDP")))
    causes += port_or_name(f"{path}.targetPort", port.get("targetPort", number or 1))
    node_port = port.get("nodePort")
    if node_port and node_port not in NODE_PORTS:
        causes.append(invalid(f"{path}.nodePort", node_port, NOT_A_NODE_PORT))
    return causes


def _same_ports(ports: list[Object]) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        number, protocol = port.get("port", 0), port.get("protocol", "TCP")
        if (number, protocol) in seen:
            given = {"port": number, "protocol": protocol}
            causes.append(duplicate(f"spec.ports[{index}]", given))
        seen.add((number, protocol))
    return causes


def _update_causes(before: Object, after: Object) -> list[Cause]:
    old, new = before["spec"], after["spec"]
    if "ExternalName" in (old.get("type"), new.get("type")):
        return []
    had, has = old.get("clusterIP"), new.get("clusterIP")
    if had == has:
        return []
    return [invalid("spec.clusterIPs[0]", [has], "may not change once set")]


def _external(row: Row) -> str:
    """The addresses from outside; a load balancer is waited for."""
    addresses = list(row.spec.get("externalIPs") or ())
    if row.spec.get("type") == "ExternalName":
        return str(row.spec.get("externalName") or "<none>")
    if row.spec.get("type") == "LoadBalancer":
        ingress = (row.status.get("loadBalancer") or {}).get("ingress") or ()
        addresses = [point.get("ip") or point.get("hostname") for point in ingress] + addresses
        return ",".join(addresses) or "<pending>"
    return ",".join(addresses) or "<none>"


def _port(port: Object) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}"


def _ports(row: Row) -> str:
    return ",".join(map(_port, row.spec.get("ports") or ())) or "<none>"


def _selector(row: Row) -> str:
    pairs = sorted((row.spec.get("selector") or {}).items())
    return ",".join(f"{key}={value}" for key, value in pairs) or "<none>"


SERVICE = Kind(
    *("", "v1", "services", "Service"),
    short_names=("svc",),
    categories=IN_ALL,
    subresources=(STATUS,),
    columns=(
        NAME,
        field("Type", "core.v1.ServiceSpec.type", "ClusterIP"),
        field("Cluster-IP", "core.v1.ServiceSpec.clusterIP", "<none>"),
        Column("External-IP", "@api.core.v1.ServiceSpec.externalIPs", _external),
        Column("Port(s)", "@api.core.v1.ServiceSpec.ports", _ports),
        AGE,
        Column("Selector", "@api.core.v1.ServiceSpec.selector", _selector, WIDE),
    ),
    selectable=fields("spec.clusterIP", "spec.type"),
    has_spec=True,
    first_status=lambda _: {"loadBalancer": {}},
    defaults=_fill,
    on_update=_keep_addresses,
    complete=_give_addresses,
    name_form=formats.dns_1035_label,
    validate=_causes,
    validate_update=_update_causes,
    shown_deleted=True,
    zeroes={
        "ServicePort": ("nodePort",),
        "ServiceSpec": ("publishNotReadyAddresses", "healthCheckNodePort"),
    },
)
