"""NetworkPolicies.

Source: kubernetes, pkg/apis/networking/v1/defaults.go, pkg/apis/networking/validation.
"""

from __future__ import annotations

import ipaddress

from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, Column, selector_line
from irsa_sandbox.apiserver.kinds.kind import Kind, fill
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import forbidden, invalid, required, unsupported
from irsa_sandbox.apiserver.validation.probes import port_or_name
from irsa_sandbox.apiserver.validation.selectors import selector_causes

_NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def _fill(body: Object) -> None:
    spec = body["spec"]
    fill(spec, podSelector={})
    fill(spec, policyTypes=["Ingress", "Egress"] if "egress" in spec else ["Ingress"])
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            fill(port, protocol="TCP")


def _causes(body: Object) -> list[Cause]:
    spec = body.get("spec") or {}
    causes = selector_causes("spec.podSelector", spec.get("podSelector") or {})
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{index}]"
            for at, port in enumerate(rule.get("ports") or ()):
                causes += _port_causes(f"{path}.ports[{at}]", port)
            for at, peer in enumerate(rule.get(side) or ()):
                causes += _peer_causes(f"{path}.{side}[{at}]", peer)
    for index, kind in enumerate(spec.get("policyTypes") or ()):
        if kind not in ("Ingress", "Egress"):
            causes.append(unsupported(f"spec.policyTypes[{index}]", kind, ("Egress", "Ingress")))
    return causes


def _port_causes(path: str, port: Object) -> list[Cause]:
    causes: list[Cause] = []
    protocol = port.get("protocol", "TCP")
    if protocol not in ("SCTP", "TCP", "UDP"):
        causes.append(unsupported(f"{path}.protocol", protocol, ("SCTP", "TCP", "UDP")))
    if port.get("port") is not None:
        causes += port_or_name(f"{path}.port", port["port"])
    return causes


def _peer_causes(path: str, peer: Object) -> list[Cause]:
    causes: list[Cause] = []
    for name in ("podSelector", "namespaceSelector"):
        if peer.get(name) is not None:
            causes += selector_causes(f"{path}.{name}", peer[name])
    block = peer.get("ipBlock")
    if block is not None:
        causes += _block_causes(f"{path}.ipBlock", block)
        if len(peer) > 1:
            causes.append(forbidden(path, "may not specify both ipBlock and another peer"))
    return causes if peer else [required(path, "must specify a peer")]


def _block_causes(path: str, block: Object) -> list[Cause]:
    cidr = block.get("cidr", "")
    if not cidr:
        return [required(f"{path}.cidr")]
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return [invalid(f"{path}.cidr", cidr, _NO_CIDR)]
    causes: list[Cause] = []
    for index, excluded in enumerate(block.get("except") or ()):
        place = f"{path}.except[{index}]"
        try:
            inner = ipaddress.ip_network(excluded, strict=False)
        except ValueError:
            causes.append(invalid(place, excluded, _NO_CIDR))
            continue
        if inner.version != network.version or not inner.subnet_of(network):  # type: ignore[arg-type]
            causes.append(invalid(place, excluded, "must be a strict subset of `cidr`"))
    return causes


NETWORK_POLICY = Kind(
    *("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    short_names=("netpol",),
    columns=(
        NAME,
        Column(
            "Pod-Selector",
            "@api.networking.v1.NetworkPolicySpec.podSelector",
            lambda row: selector_line(row.spec.get("podSelector")),
        ),
        AGE,
    ),
    has_spec=True,
    counts_generation=True,
    defaults=_fill,
    validate=_causes,
)
