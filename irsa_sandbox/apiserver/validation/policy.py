"""Roles, bindings and NetworkPolicies.

Source: kubernetes, pkg/apis/rbac/validation, pkg/apis/networking/validation.
"""

from __future__ import annotations

import ipaddress

from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    forbidden,
    invalid,
    invalid_each,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.probes import port_or_name
from irsa_sandbox.apiserver.validation.selectors import selector_causes

GROUP = "rbac.authorization.k8s.io"
_REGULAR = ("apiGroups", "resources", "resourceNames")


def role(body: Object) -> list[Cause]:
    """What is wrong with a Role."""
    return _rules(body, namespaced=True)


def cluster_role(body: Object) -> list[Cause]:
    """What is wrong with a ClusterRole."""
    found = _rules(body, namespaced=False)
    rule = body.get("aggregationRule")
    if rule is None:
        return found
    path = "aggregationRule.clusterRoleSelectors"
    if not rule.get("clusterRoleSelectors"):
        text = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        return [*found, required(path, text)]
    for index, each in enumerate(rule["clusterRoleSelectors"]):
        found += selector_causes(f"{path}[{index}]", each)
    return found


def _rules(body: Object, *, namespaced: bool) -> list[Cause]:
    return [
        cause
        for index, rule in enumerate(body.get("rules") or ())
        for cause in _rule(f"rules[{index}]", rule, namespaced=namespaced)
    ]


def _rule(path: str, rule: Object, *, namespaced: bool) -> list[Cause]:
    found: list[Cause] = []
    if not rule.get("verbs"):
        found.append(required(f"{path}.verbs", "verbs must contain at least one value"))
    if urls := rule.get("nonResourceURLs"):
        place = f"{path}.nonResourceURLs"
        if namespaced:
            text = "namespaced rules cannot apply to non-resource URLs"
            found.append(invalid(place, urls, text))
        if any(rule.get(name) for name in _REGULAR):
            text = "rules cannot apply to both regular resources and non-resource URLs"
            found.append(invalid(place, urls, text))
        return found
    if not rule.get("apiGroups"):
        text = "resource rules must supply at least one api group"
        found.append(required(f"{path}.apiGroups", text))
    if not rule.get("resources"):
        text = "resource rules must supply at least one resource"
        found.append(required(f"{path}.resources", text))
    return found


def binding(body: Object) -> list[Cause]:
    """What is wrong with a RoleBinding or a ClusterRoleBinding."""
    reference = body.get("roleRef") or {}
    namespaced = body["kind"] == "RoleBinding"
    found: list[Cause] = []
    if reference.get("apiGroup") != GROUP:
        found.append(unsupported("roleRef.apiGroup", reference.get("apiGroup", ""), (GROUP,)))
    kinds = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    if reference.get("kind") not in kinds:
        found.append(unsupported("roleRef.kind", reference.get("kind", ""), kinds))
    if not reference.get("name"):
        found.append(required("roleRef.name"))
    else:
        faults = formats.path_segment(reference["name"])
        found += invalid_each("roleRef.name", reference["name"], faults)
    for index, subject in enumerate(body.get("subjects") or ()):
        found += _subject(f"subjects[{index}]", subject, namespaced=namespaced)
    return found


def _subject(path: str, subject: Object, *, namespaced: bool) -> list[Cause]:
    name, kind, group = (subject.get(member, "") for member in ("name", "kind", "apiGroup"))
    found = [] if name else [required(f"{path}.name")]
    if kind == "ServiceAccount":
        if name:
            found += invalid_each(f"{path}.name", name, formats.dns_subdomain(name))
        if group:
            found.append(unsupported(f"{path}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            found.append(required(f"{path}.namespace"))
    elif kind in {"User", "Group"}:
        if group != GROUP:
            found.append(unsupported(f"{path}.apiGroup", group, (GROUP,)))
    else:
        found.append(unsupported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group")))
    return found


def network_policy(body: Object) -> list[Cause]:
    """What is wrong with a NetworkPolicy."""
    spec = body.get("spec") or {}
    found = selector_causes("spec.podSelector", spec.get("podSelector") or {})
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{index}]"
            for at, port in enumerate(rule.get("ports") or ()):
                found += _network_port(f"{path}.ports[{at}]", port)
            for at, peer in enumerate(rule.get(side) or ()):
                found += _peer(f"{path}.{side}[{at}]", peer)
    for index, kind in enumerate(spec.get("policyTypes") or ()):
        if kind not in ("Ingress", "Egress"):
            found.append(unsupported(f"spec.policyTypes[{index}]", kind, ("Egress", "Ingress")))
    return found


def _network_port(path: str, port: Object) -> list[Cause]:
    found: list[Cause] = []
    protocol = port.get("protocol", "TCP")
    if protocol not in ("SCTP", "TCP", "UDP"):
        found.append(unsupported(f"{path}.protocol", protocol, ("SCTP", "TCP", "UDP")))
    if port.get("port") is not None:
        found += port_or_name(f"{path}.port", port["port"])
    return found


def _peer(path: str, peer: Object) -> list[Cause]:
    found: list[Cause] = []
    for name in ("podSelector", "namespaceSelector"):
        if peer.get(name) is not None:
            found += selector_causes(f"{path}.{name}", peer[name])
    block = peer.get("ipBlock")
    if block is not None:
        found += _block(f"{path}.ipBlock", block)
        if len(peer) > 1:
            found.append(forbidden(path, "may not specify both ipBlock and another peer"))
    return found if peer else [required(path, "must specify a peer")]


def _block(path: str, block: Object) -> list[Cause]:
    cidr = block.get("cidr", "")
    if not cidr:
        return [required(f"{path}.cidr")]
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        text = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        return [invalid(f"{path}.cidr", cidr, text)]
    found: list[Cause] = []
    for index, each in enumerate(block.get("except") or ()):
        place = f"{path}.except[{index}]"
        try:
            inner = ipaddress.ip_network(each, strict=False)
        except ValueError:
            text = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            found.append(invalid(place, each, text))
            continue
        if inner.version != network.version or not inner.subnet_of(network):  # type: ignore[arg-type]
            found.append(invalid(place, each, "must be a strict subset of `cidr`"))
    return found
