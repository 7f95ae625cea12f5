"""What NetworkPolicies let a Pod reach, asked about one address and port.

Source: Kubernetes documentation, "Network Policies".
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from irsa_helpers.policy.selectors import selects

Object = dict[str, Any]

METADATA_SERVICE = "169.254.169.254"
PORT = 80


def may_reach(
    pod: Object, policies: Iterable[Object], address: str = METADATA_SERVICE, port: int = PORT
) -> bool:
    """Whether a Pod's egress to the address is open, with its namespace's policies.

    Open where no policy of the type Egress selects the Pod; otherwise one rule must allow it. A
    Pod on the host's network is the node, which no policy selects.
    """
    if pod["spec"].get("hostNetwork"):
        return True
    labels = pod.get("metadata", {}).get("labels") or {}
    rules = [
        policy["spec"].get("egress") or []
        for policy in policies
        if "Egress" in policy["spec"].get("policyTypes", ())
        and selects(policy["spec"].get("podSelector"), labels)
    ]
    return not rules or any(allows(rule, address, port) for every in rules for rule in every)


def allows(rule: Object, address: str = METADATA_SERVICE, port: int = PORT) -> bool:
    """Whether an egress rule lets traffic to that port of the address through."""
    ports = rule.get("ports")
    if ports and not any(_is_for(allowed, port) for allowed in ports):
        return False
    peers = rule.get("to")
    return not peers or any(_holds(peer["ipBlock"], address) for peer in peers if "ipBlock" in peer)


def _is_for(opened: Object, port: int) -> bool:
    """Whether a rule's entry opens the port; a named port is one of Pods alone."""
    first = opened.get("port", port)
    return type(first) is int and first <= port <= opened.get("endPort", first)


def _holds(block: Object, address: str) -> bool:
    """Whether an ipBlock holds the address; one behind `except` is left out."""
    wanted = ip_address(address)
    if wanted not in ip_network(block["cidr"], strict=False):
        return False
    return not any(
        wanted in ip_network(excluded, strict=False) for excluded in block.get("except") or ()
    )
