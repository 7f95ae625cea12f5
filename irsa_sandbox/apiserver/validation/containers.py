"""The containers of a Pod.

Source: kubernetes, pkg/apis/core/validation: validateContainers and what it calls.
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    duplicate,
    forbidden,
    invalid,
    invalid_each,
    not_found,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.environment import environment_causes
from irsa_sandbox.apiserver.validation.probes import lifecycle_causes, probe_causes
from irsa_sandbox.apiserver.validation.volumes import descending_path

MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
STANDARD_RESOURCES = {"cpu", "memory", "ephemeral-storage"}
USER_IDS = "must be between 0 and 2147483647, inclusive"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def containers_causes(path: str, spec: Object, volumes: set[str]) -> list[Cause]:
    """What is wrong with the containers of a Pod's spec, then with its init containers."""
    containers = spec.get("containers") or []
    if not containers:
        found = [required(f"{path}.containers")]
    else:
        found = _regular(f"{path}.containers", containers, volumes)
    return found + _initial(f"{path}.initContainers", spec, volumes)


def _regular(path: str, containers: list[Object], volumes: set[str]) -> list[Cause]:
    found: list[Cause] = []
    names: set[str] = set()
    for index, each in enumerate(containers):
        place = f"{path}[{index}]"
        found += _container(place, each, volumes)
        if each.get("name", "") in names:
            found.append(duplicate(f"{place}.name", each.get("name", "")))
        names.add(each.get("name", ""))
        found += _probes(place, each)
        if each.get("restartPolicy") is not None:
            text = "may not be set for non-init containers"
            found.append(forbidden(f"{place}.restartPolicy", text))
    return found + _host_ports(path, containers)


def _initial(path: str, spec: Object, volumes: set[str]) -> list[Cause]:
    found: list[Cause] = []
    names = {each.get("name") for each in spec.get("containers") or ()}
    for index, each in enumerate(spec.get("initContainers") or ()):
        place = f"{path}[{index}]"
        found += _container(place, each, volumes)
        policy = each.get("restartPolicy")
        if policy not in (None, "Always"):
            found.append(unsupported(f"{place}.restartPolicy", policy, ["Always"]))
        if each.get("name") in names - {None, ""}:
            found.append(duplicate(f"{place}.name", each["name"]))
        names |= {each.get("name")} - {None, ""}
        found += _host_ports(path, [each])
        if policy == "Always":
            found += _probes(place, each)
            continue
        text = "may not be set for init containers without restartPolicy=Always"
        found += [forbidden(f"{place}.{n}", text) for n in ("lifecycle", *_PROBES) if each.get(n)]
    return found


def _probes(path: str, container: Object) -> list[Cause]:
    found = lifecycle_causes(f"{path}.lifecycle", container.get("lifecycle") or {})
    for name in _PROBES:
        if container.get(name) is not None:
            found += probe_causes(f"{path}.{name}", container[name], name)
    return found


def _container(path: str, container: Object, volumes: set[str]) -> list[Cause]:
    name, policy = container.get("name", ""), container.get("terminationMessagePolicy", "File")
    found = (
        invalid_each(f"{path}.name", name, formats.dns_label(name))
        if name
        else [required(f"{path}.name")]
    )
    if not container.get("image"):
        found.append(required(f"{path}.image"))
    if policy not in MESSAGE_POLICIES:
        found.append(unsupported(f"{path}.terminationMessagePolicy", policy, MESSAGE_POLICIES))
    found += port_causes(f"{path}.ports", container.get("ports") or [])
    found += environment_causes(path, container)
    found += _mounts(f"{path}.volumeMounts", container.get("volumeMounts") or [], volumes)
    pull = container.get("imagePullPolicy", "Always")
    if pull not in PULL_POLICIES:
        found.append(unsupported(f"{path}.imagePullPolicy", pull, PULL_POLICIES))
    found += _resources(f"{path}.resources", container.get("resources") or {})
    return found + _security(f"{path}.securityContext", container.get("securityContext") or {})


def port_causes(path: str, ports: list[Object]) -> list[Cause]:
    """What is wrong with a container's ports."""
    found: list[Cause] = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        place, name = f"{path}[{index}]", port.get("name", "")
        if name and (faults := formats.port_name(name)):
            found += invalid_each(f"{place}.name", name, faults)
        elif name and name in names:
            found.append(duplicate(f"{place}.name", name))
        names.add(name)
        number, host = port.get("containerPort", 0), port.get("hostPort", 0)
        if not number:
            found.append(required(f"{place}.containerPort"))
        else:
            faults = formats.port_number(number)
            found += invalid_each(f"{place}.containerPort", number, faults)
        if host:
            found += invalid_each(f"{place}.hostPort", host, formats.port_number(host))
        protocol = port.get("protocol", "TCP")
        if protocol not in PROTOCOLS:
            found.append(unsupported(f"{place}.protocol", protocol, PROTOCOLS))
    return found


def _host_ports(path: str, containers: list[Object]) -> list[Cause]:
    found: list[Cause] = []
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for at, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            protocol, address = port.get("protocol", "TCP"), port.get("hostIP", "")
            text = f"{protocol}/{address}/{port['hostPort']}"
            if text in taken:
                found.append(duplicate(f"{path}[{index}].ports[{at}].hostPort", text))
            taken.add(text)
    return found


def _mounts(path: str, mounts: list[Object], volumes: set[str]) -> list[Cause]:
    found: list[Cause] = []
    points: set[str] = set()
    for index, mount in enumerate(mounts):
        place, name, point = f"{path}[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            found.append(required(f"{place}.name"))
        if name not in volumes:
            found.append(not_found(f"{place}.name", name))
        if not point:
            found.append(required(f"{place}.mountPath"))
        if point in points:
            found.append(invalid(f"{place}.mountPath", point, "must be unique"))
        points.add(point)
        if mount.get("subPath"):
            found += descending_path(f"{path}.subPath", mount["subPath"])
        if mount.get("subPathExpr"):
            if mount.get("subPath"):
                text = "subPathExpr and subPath are mutually exclusive"
                found.append(invalid(f"{place}.subPathExpr", mount["subPathExpr"], text))
            found += descending_path(f"{path}.subPathExpr", mount["subPathExpr"])
    return found


def _resources(path: str, resources: Object) -> list[Cause]:
    found: list[Cause] = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for member, listed in (("limits", limits), ("requests", requests)):
        for name, amount in listed.items():
            place = f"{path}.{member}[{name}]"
            found += invalid_each(place, name, formats.qualified_name(name))
            if "/" not in name and not _is_standard(name):
                text = "must be a standard resource for containers"
                found.append(invalid(place, name, text))
            if formats.quantity_value(amount) < 0:
                found.append(invalid(place, amount, "must be greater than or equal to 0"))
            if member == "requests" and name in limits and _more(amount, limits[name]):
                text = f"must be less than or equal to {name} limit of {limits[name]}"
                found.append(invalid(f"{path}.requests", amount, text))
    return found


def _is_standard(name: str) -> bool:
    return name in STANDARD_RESOURCES or name.startswith("hugepages-")


def _more(one: Any, other: Any) -> bool:
    return formats.quantity_value(one) > formats.quantity_value(other)


def _security(path: str, context: Object) -> list[Cause]:
    found = user_causes(path, context, "runAsUser", "runAsGroup")
    if context.get("allowPrivilegeEscalation") is False:
        text = "cannot set `allowPrivilegeEscalation` to false and "
        if context.get("privileged"):
            found.append(invalid(path, context, f"{text}`privileged` to true"))
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            found.append(invalid(path, context, f"{text}`capabilities.Add` CAP_SYS_ADMIN"))
    return found


def user_causes(path: str, context: Object, *names: str) -> list[Cause]:
    """What is wrong with the ids of users and groups in a security context."""
    return [
        invalid(f"{path}.{name}", context[name], USER_IDS)
        for name in names
        if context.get(name) is not None and not 0 <= context[name] < 2**31
    ]
