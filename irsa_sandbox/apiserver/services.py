"""What the API server gives a Service: its addresses, and a port of each node where it has one.

The addresses are records: nothing in the sandbox forwards to them.
Source: Kubernetes documentation, "Service ClusterIP allocation".
"""

from __future__ import annotations

import ipaddress
import secrets

from irsa_sandbox.apiserver.storage import Object, Store

# The range that Amazon EKS uses where the VPC does not.
NETWORK = ipaddress.ip_network("10.100.0.0/16")
FIRST_ADDRESS = str(NETWORK[1])
NODE_PORTS = range(30000, 32768)


def complete(store: Store, body: Object) -> None:
    """Give the Service what it does not name itself, in place."""
    spec = body["spec"]
    if spec.get("type") == "ExternalName":
        return
    address = spec.get("clusterIP") or _free_address(store)
    spec["clusterIP"] = address
    spec.setdefault("clusterIPs", [address])
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                port["nodePort"] = _free_node_port(store)


def _free_address(store: Store) -> str:
    taken = {body["spec"].get("clusterIP") for body in store.list("services")}
    while True:
        # The first addresses are left to those who ask for one by name, such as DNS.
        found = str(NETWORK[256 + secrets.randbelow(NETWORK.num_addresses - 512)])
        if found not in taken:
            return found


def _free_node_port(store: Store) -> int:
    taken = {
        port.get("nodePort")
        for body in store.list("services")
        for port in body["spec"].get("ports") or ()
    }
    return secrets.choice([port for port in NODE_PORTS if port not in taken])
