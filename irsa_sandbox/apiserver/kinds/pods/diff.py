"""What an update would change about a Pod, as the API server shows it: a diff of Go's structs.

Each member stands under its Go name, even an empty one. Simplified: structs that are not named
here show only the members that are set, so that line numbers differ from a real server's.
Source: kubernetes, pkg/apis/core/types.go; apimachinery, pkg/util/diff.
"""

from __future__ import annotations

import difflib
import json
from typing import Any

from irsa_sandbox.apiserver.store.storage import Object

CONTEXT_LINES = 3
# Go's initialisms, as field names have them.
_UPPER = ("dns", "tty", "os", "ip", "uid", "fs", "http", "tcp", "grpc", "csi", "gce", "aws", "nfs")
_LISTS = ("volumes", "initContainers", "containers", "ephemeralContainers")
# Members in Go's order; `""` marks a text, `0` a boolean, the others are null where absent.
POD_SPEC = (
    *_LISTS,
    *('restartPolicy ""', "terminationGracePeriodSeconds", "activeDeadlineSeconds"),
    *('dnsPolicy ""', "nodeSelector", 'serviceAccountName ""', "automountServiceAccountToken"),
    *('nodeName ""', "securityContext", "imagePullSecrets", 'hostname ""', 'subdomain ""'),
    *("setHostnameAsFQDN", "affinity", 'schedulerName ""', "tolerations", "hostAliases"),
    *('priorityClassName ""', "priority", "preemptionPolicy", "dnsConfig", "readinessGates"),
    *("runtimeClassName", "overhead", "enableServiceLinks", "topologySpreadConstraints", "os"),
    *("schedulingGates", "resourceClaims", "resources", "hostnameOverride"),
)
CONTAINER = (
    *('name ""', 'image ""', "command", "args", 'workingDir ""', "ports", "envFrom", "env"),
    *("resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "volumeMounts"),
    *("volumeDevices", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"),
    *('terminationMessagePath ""', 'terminationMessagePolicy ""', 'imagePullPolicy ""'),
    *("securityContext", "stdin 0", "stdinOnce 0", "tty 0"),
)
ENVIRONMENT = ('name ""', 'value ""', "valueFrom")
# Go keeps here what the API has in the spec itself.
_HOST = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
SECURITY = (
    *("hostNetwork 0", "hostPID 0", "hostIPC 0", "shareProcessNamespace", "hostUsers"),
    *("seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot"),
    *("supplementalGroups", "supplementalGroupsPolicy", "fsGroup", "fsGroupChangePolicy"),
    *("sysctls", "seccompProfile", "appArmorProfile", "seLinuxChangePolicy"),
)
STRUCTS = {
    "containers": CONTAINER,
    "initContainers": CONTAINER,
    "ephemeralContainers": CONTAINER,
    "env": ENVIRONMENT,
}
_ZEROES: dict[str, Any] = {'""': "", "0": False, "": None}


def pod_diff(before: Object, after: Object) -> str:
    """The lines that differ between two specs, with some around them."""
    old, new = (json.dumps(_pod_spec(spec), indent=1).splitlines() for spec in (before, after))
    lines = list(difflib.unified_diff(old, new, n=CONTEXT_LINES, lineterm=""))[2:]
    return "".join(f"{line}\n" for line in lines)


def _pod_spec(spec: Object) -> Object:
    host = {name: spec[name] for name in _HOST if name in spec}
    context = _struct((spec.get("securityContext") or {}) | host, SECURITY)
    return _struct(spec | {"securityContext": context}, POD_SPEC)


def _struct(value: Object, members: tuple[str, ...]) -> Object:
    struct: Object = {}
    for member in members:
        name, _, zero = member.partition(" ")
        struct[_go_name(name)] = _shown(name, value[name]) if name in value else _ZEROES[zero]
    return struct


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, list):
        members = STRUCTS.get(name)
        return [
            _struct(item, members) if members and isinstance(item, dict) else _shown("", item)
            for item in value
        ]
    if isinstance(value, dict) and name != "nodeSelector":
        return {_go_name(key): _shown(key, member) for key, member in value.items()}
    return value


def _go_name(name: str) -> str:
    """`dnsPolicy` is `DNSPolicy`, `nodeName` is `NodeName`."""
    if name.startswith("seLinux"):
        return "SELinux" + name.removeprefix("seLinux")
    for start in _UPPER:
        rest = name.removeprefix(start)
        if rest != name and not rest[:1].islower():
            return start.upper() + rest
    return name[:1].upper() + name[1:]
