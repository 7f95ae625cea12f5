"""The environment variables of a container.

Source: kubernetes, pkg/apis/core/validation: ValidateEnv, ValidateEnvFrom.
"""

from __future__ import annotations

import re

from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import invalid, invalid_each, required, unsupported

FIELD_PATHS = (
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName"),
    *("spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP"),
    "status.podIPs",
)
RESOURCE_FIELDS = (
    *("limits.cpu", "limits.ephemeral-storage", "limits.memory"),
    *("requests.cpu", "requests.ephemeral-storage", "requests.memory"),
)
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef")
_SUBSCRIPTED = re.compile(r"(.*)\['(.*)'\]")


def environment_causes(path: str, container: Object) -> list[Cause]:
    """What is wrong with the `env` and the `envFrom` of a container."""
    found: list[Cause] = []
    for index, each in enumerate(container.get("env") or ()):
        place, name = f"{path}.env[{index}]", each.get("name", "")
        if not name:
            found.append(required(f"{place}.name"))
        else:
            found += invalid_each(f"{place}.name", name, formats.environment_name(name))
        if each.get("valueFrom") is not None:
            found += _value_from(f"{place}.valueFrom", each)
    for index, each in enumerate(container.get("envFrom") or ()):
        found += _env_from(f"{path}.envFrom", index, each)
    return found


def _value_from(path: str, variable: Object) -> list[Cause]:
    source = variable["valueFrom"]
    found: list[Cause] = []
    if source.get("fieldRef") is not None:
        found += field_reference(f"{path}.fieldRef", source["fieldRef"], FIELD_PATHS)
    if source.get("resourceFieldRef") is not None:
        wanted = source["resourceFieldRef"].get("resource", "")
        place = f"{path}.resourceFieldRef.resource"
        if not wanted:
            found.append(required(place))
        elif wanted not in RESOURCE_FIELDS:
            found.append(unsupported(place, wanted, RESOURCE_FIELDS))
    for name in ("configMapKeyRef", "secretKeyRef"):
        if source.get(name) is not None:
            found += _key_reference(f"{path}.{name}", source[name])
    given = [name for name in _SOURCES if source.get(name) is not None]
    if not given:
        text = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
        found.append(invalid(path, "", f"{text}`secretKeyRef`"))
    elif variable.get("value"):
        found.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(given) > 1:
        found.append(invalid(path, "", "may not have more than one field specified at a time"))
    return found


def field_reference(path: str, reference: Object, allowed: tuple[str, ...]) -> list[Cause]:
    """What is wrong with a reference to a field of the Pod."""
    wanted = reference.get("fieldPath", "")
    if not wanted:
        return [required(f"{path}.fieldPath")]
    if found := _SUBSCRIPTED.fullmatch(wanted):
        outer, key = found.groups()
        if outer not in {"metadata.annotations", "metadata.labels"}:
            text = f"error converting fieldPath: field label does not support subscript: {wanted}"
            return [invalid(f"{path}.fieldPath", wanted, text)]
        return invalid_each(path, key, formats.qualified_name(key.lower()))
    known = {*FIELD_PATHS, "metadata.annotations", "metadata.labels", "spec.restartPolicy"}
    if wanted not in known | {"spec.schedulerName", "status.phase"}:
        text = f"error converting fieldPath: field label not supported: {wanted}"
        return [invalid(f"{path}.fieldPath", wanted, text)]
    return [] if wanted in allowed else [unsupported(f"{path}.fieldPath", wanted, allowed)]


def _key_reference(path: str, reference: Object) -> list[Cause]:
    name, key = reference.get("name", ""), reference.get("key", "")
    found = invalid_each(f"{path}.name", name, formats.dns_subdomain(name))
    if not key:
        return [*found, required(f"{path}.key")]
    return found + invalid_each(f"{path}.key", key, formats.config_key(key))


def _env_from(path: str, index: int, source: Object) -> list[Cause]:
    place = f"{path}[{index}]"
    prefix = source.get("prefix", "")
    faults = formats.environment_name(prefix) if prefix else []
    found = invalid_each(f"{place}.prefix", prefix, faults)
    given = [n for n in ("configMapRef", "secretRef") if source.get(n) is not None]
    for member in given:
        name = source[member].get("name", "")
        if not name:
            found.append(required(f"{place}.{member}.name"))
        else:
            faults = formats.dns_subdomain(name)
            found += invalid_each(f"{place}.{member}.name", name, faults)
    if not given:
        found.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
    elif len(given) > 1:
        found.append(invalid(path, "", "may not have more than one field specified at a time"))
    return found
