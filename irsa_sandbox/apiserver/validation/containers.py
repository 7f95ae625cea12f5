"""The containers of a Pod.

Source: kubernetes, pkg/apis/core/validation: validateContainers and what it calls.
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
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
        causes = [required(f"{path}.containers")]
    else:
        causes = _regular(f"{path}.containers", containers, volumes)
    return causes + _initial(f"{path}.initContainers", spec, volumes)


def _regular(path: str, containers: list[Object], volumes: set[str]) -> list[Cause]:
    causes: list[Cause] = []
    names: set[str] = set()
    for index, container in enumerate(containers):
        place = f"{path}[{index}]"
        causes += _container(place, container, volumes)
        if container.get("name", "") in names:
            causes.append(duplicate(f"{place}.name", container.get("name", "")))
        names.add(container.get("name", ""))
        causes += _probes(place, container)
        if container.get("restartPolicy") is not None:
            text = "may not be set for non-init containers"
            causes.append(forbidden(f"{place}.restartPolicy", text))
    return causes + _host_ports(path, containers)


def _initial(path: str, spec: Object, volumes: set[str]) -> list[Cause]:
    causes: list[Cause] = []
    names = {container.get("name") for container in spec.get("containers") or ()}
    for index, container in enumerate(spec.get("initContainers") or ()):
        place = f"{path}[{index}]"
        causes += _container(place, container, volumes)
        policy = container.get("restartPolicy")
        if policy not in (None, "Always"):
            causes.append(unsupported(f"{place}.restartPolicy", policy, ["Always"]))
        if container.get("name") in names - {None, ""}:
            causes.append(duplicate(f"{place}.name", container["name"]))
        names |= {container.get("name")} - {None, ""}
        causes += _host_ports(path, [container])
        if policy == "Always":
            causes += _probes(place, container)
            continue
        text = "may not be set for init containers without restartPolicy=Always"
        causes += [
            forbidden(f"{place}.{n}", text) for n in ("lifecycle", *_PROBES) if container.get(n)
        ]
    return causes


def _probes(path: str, container: Object) -> list[Cause]:
    causes = lifecycle_causes(f"{path}.lifecycle", container.get("lifecycle") or {})
    for name in _PROBES:
        if container.get(name) is not None:
            causes += probe_causes(f"{path}.{name}", container[name], name)
    return causes


def _container(path: str, container: Object, volumes: set[str]) -> list[Cause]:
    name, policy = container.get("name", ""), container.get("terminationMessagePolicy", "File")
    causes = (
        invalid_each(f"{path}.name", name, formats.dns_label(name))
        if name
        else [required(f"{path}.name")]
    )
    if not container.get("image"):
        causes.append(required(f"{path}.image"))
    if policy not in MESSAGE_POLICIES:
        causes.append(unsupported(f"{path}.terminationMessagePolicy", policy, MESSAGE_POLICIES))
    causes += port_causes(f"{path}.ports", container.get("ports") or [])
    causes += environment_causes(path, container)
    causes += _mounts(f"{path}.volumeMounts", container.get("volumeMounts") or [], volumes)
    pull = container.get("imagePullPolicy", "Always")
    if pull not in PULL_POLICIES:
        causes.append(unsupported(f"{path}.imagePullPolicy", pull, PULL_POLICIES))
    causes += _resources(f"{path}.resources", container.get("resources") or {})
    return causes + _security(f"{path}.securityContext", container.get("securityContext") or {})


def port_causes(path: str, ports: list[Object]) -> list[Cause]:
    """What is wrong with a container's ports."""
    causes: list[Cause] = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        place, name = f"{path}[{index}]", port.get("name", "")
        if name and (faults := formats.port_name(name)):
            causes += invalid_each(f"{place}.name", name, faults)
        elif name and name in names:
            causes.append(duplicate(f"{place}.name", name))
        names.add(name)
        number, host = port.get("containerPort", 0), port.get("hostPort", 0)
        if not number:
            causes.append(required(f"{place}.containerPort"))
        else:
            faults = formats.port_number(number)
            causes += invalid_each(f"{place}.containerPort", number, faults)
        if host:
            causes += invalid_each(f"{place}.hostPort", host, formats.port_number(host))
        protocol = port.get("protocol", "TCP")
        if protocol not in PROTOCOLS:
            causes.append(unsupported(f"{place}.protocol", protocol, PROTOCOLS))
    return causes


def _host_ports(path: str, containers: list[Object]) -> list[Cause]:
    causes: list[Cause] = []
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for at, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            protocol, address = port.get("protocol", "TCP"), port.get("hostIP", "")
            text = f"{protocol}/{address}/{port['hostPort']}"
            if text in taken:
                causes.append(duplicate(f"{path}[{index}].ports[{at}].hostPort", text))
            taken.add(text)
    return causes


def _mounts(path: str, mounts: list[Object], volumes: set[str]) -> list[Cause]:
    causes: list[Cause] = []
    points: set[str] = set()
    for index, mount in enumerate(mounts):
        place, name, point = f"{path}[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            causes.append(required(f"{place}.name"))
        if name not in volumes:
            causes.append(not_found(f"{place}.name", name))
        if not point:
            causes.append(required(f"{place}.mountPath"))
        if point in points:
            causes.append(invalid(f"{place}.mountPath", point, "must be unique"))
        points.add(point)
        if mount.get("subPath"):
            causes += descending_path(f"{path}.subPath", mount["subPath"])
        if mount.get("subPathExpr"):
            if mount.get("subPath"):
                text = "subPathExpr and subPath are mutually exclusive"
                causes.append(invalid(f"{place}.subPathExpr", mount["subPathExpr"], text))
            causes += descending_path(f"{path}.subPathExpr", mount["subPathExpr"])
    return causes


def _resources(path: str, resources: Object) -> list[Cause]:
    causes: list[Cause] = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for member, listed in (("limits", limits), ("requests", requests)):
        for name, amount in listed.items():
            place = f"{path}.{member}[{name}]"
            causes += invalid_each(place, name, formats.qualified_name(name))
            if "/" not in name and not _is_standard(name):
                text = "must be a standard resource for containers"
                causes.append(invalid(place, name, text))
            if formats.quantity_value(amount) < 0:
                causes.append(invalid(place, amount, "must be greater than or equal to 0"))
            if member == "requests" and name in limits and _more(amount, limits[name]):
                text = f"must be less than or equal to {name} limit of {limits[name]}"
                causes.append(invalid(f"{path}.requests", amount, text))
    return causes


def _is_standard(name: str) -> bool:
    return name in STANDARD_RESOURCES or name.startswith("hugepages-")


def _more(one: Any, other: Any) -> bool:
    return formats.quantity_value(one) > formats.quantity_value(other)


def _security(path: str, context: Object) -> list[Cause]:
    causes = user_causes(path, context, "runAsUser", "runAsGroup")
    if context.get("allowPrivilegeEscalation") is False:
        text = "cannot set `allowPrivilegeEscalation` to false and "
        if context.get("privileged"):
            causes.append(invalid(path, context, f"{text}`privileged` to true"))
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            causes.append(invalid(path, context, f"{text}`capabilities.Add` CAP_SYS_ADMIN"))
    return causes


def user_causes(path: str, context: Object, *names: str) -> list[Cause]:
    """What is wrong with the ids of users and groups in a security context."""
    return [
        invalid(f"{path}.{name}", context[name], USER_IDS)
        for name in names
        if context.get(name) is not None and not 0 <= context[name] < 2**31
    ]
