"""Nodes.

Source: kubernetes, pkg/registry/core/node, pkg/apis/core/validation.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, WIDE, Column, Row
from irsa_sandbox.apiserver.kinds.kind import STATUS, Field, Kind, fill
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.validation.causes import invalid_each, required, unsupported
from irsa_sandbox.apiserver.validation.pods import TAINT_EFFECTS

ROLE = "node-role.kubernetes.io/"
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
_INFO = (
    *("machineID", "systemUUID", "bootID", "kernelVersion", "osImage"),
    *("containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion", "operatingSystem"),
    "architecture",
)


def _fill(body: Object) -> None:
    status = body["status"] = body.get("status") or {}
    fill(status, daemonEndpoints={"kubeletEndpoint": {"Port": 0}})
    fill(status, nodeInfo=dict.fromkeys(_INFO, ""))


def _taint(_: Store, body: Object) -> None:
    """A Node that does not say that it is ready is kept free.

    Source: Kubernetes documentation, "Taint nodes by condition".
    """
    taints = body["spec"].get("taints") or []
    if not _is_ready(body["status"]) and NOT_READY not in taints:
        body["spec"]["taints"] = [*taints, dict(NOT_READY)]


def _is_ready(status: Object) -> bool:
    conditions = status.get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _causes(body: Object) -> list[Cause]:
    causes: list[Cause] = []
    for index, taint in enumerate((body.get("spec") or {}).get("taints") or ()):
        place, key = f"spec.taints[{index}]", taint.get("key", "")
        causes += invalid_each(f"{place}.key", key, formats.qualified_name(key))
        if value := taint.get("value"):
            causes += invalid_each(f"{place}.value", value, formats.label_value(value))
        effect = taint.get("effect", "")
        if not effect:
            causes.append(required(f"{place}.effect"))
        elif effect not in TAINT_EFFECTS:
            causes.append(unsupported(f"{place}.effect", effect, TAINT_EFFECTS))
    return causes


def _state(row: Row) -> str:
    state = "Ready" if _is_ready(row.status) else "NotReady"
    if not row.status.get("conditions"):
        state = "Unknown"
    return f"{state},SchedulingDisabled" if row.spec.get("unschedulable") else state


def _roles(row: Row) -> str:
    """The roles that the Node's labels name."""
    roles = set()
    for key, value in (row.metadata.get("labels") or {}).items():
        if key.startswith(ROLE) and key != ROLE:
            roles.add(key.removeprefix(ROLE))
        elif key == "kubernetes.io/role" and value:
            roles.add(value)
    return ",".join(sorted(roles)) or "<none>"


def _address(name: str, kind: str) -> Column:
    def cell(row: Row) -> str:
        known = {address["type"]: address["address"] for address in row.status.get("addresses", ())}
        return str(known.get(kind, "<none>"))

    return Column(name, "@api.core.v1.NodeStatus.addresses", cell, WIDE)


def _info(name: str, member: str, absent: str = "<unknown>", priority: int = WIDE) -> Column:
    def cell(row: Row) -> str:
        return row.status.get("nodeInfo", {}).get(member) or absent

    return Column(name, f"@api.core.v1.NodeSystemInfo.{member}", cell, priority)


NODE = Kind(
    *("", "v1", "nodes", "Node", False),
    short_names=("no",),
    subresources=(STATUS,),
    columns=(
        NAME,
        Column("Status", "The status of the node", _state),
        Column("Roles", "The roles of the node", _roles),
        AGE,
        _info("Version", "kubeletVersion", "", 0),
        _address("Internal-IP", "InternalIP"),
        _address("External-IP", "ExternalIP"),
        _info("OS-Image", "osImage"),
        _info("Kernel-Version", "kernelVersion"),
        _info("Container-Runtime", "containerRuntimeVersion"),
    ),
    selectable=(Field("spec.unschedulable", absent="false"),),
    has_spec=True,
    defaults=_fill,
    admit=_taint,
    validate=_causes,
    zeroes={"NodeSpec": ("unschedulable",)},
)
