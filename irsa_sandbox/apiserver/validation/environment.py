"""The environment variables of a container.

Source: kubernetes, pkg/apis/core/validation: ValidateEnv, ValidateEnvFrom.
"""

from __future__ import annotations

import re

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
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
    causes: list[Cause] = []
    for index, variable in enumerate(container.get("env") or ()):
        place, name = f"{path}.env[{index}]", variable.get("name", "")
        if not name:
            causes.append(required(f"{place}.name"))
        else:
            causes += invalid_each(f"{place}.name", name, formats.environment_name(name))
        if variable.get("valueFrom") is not None:
            causes += _value_from(f"{place}.valueFrom", variable)
    for index, source in enumerate(container.get("envFrom") or ()):
        causes += _env_from(f"{path}.envFrom", index, source)
    return causes


def _value_from(path: str, variable: Object) -> list[Cause]:
    source = variable["valueFrom"]
    causes: list[Cause] = []
    if source.get("fieldRef") is not None:
        causes += field_reference(f"{path}.fieldRef", source["fieldRef"], FIELD_PATHS)
    if source.get("resourceFieldRef") is not None:
        wanted = source["resourceFieldRef"].get("resource", "")
        place = f"{path}.resourceFieldRef.resource"
        if not wanted:
            causes.append(required(place))
        elif wanted not in RESOURCE_FIELDS:
            causes.append(unsupported(place, wanted, RESOURCE_FIELDS))
    for name in ("configMapKeyRef", "secretKeyRef"):
        if source.get(name) is not None:
            causes += _key_reference(f"{path}.{name}", source[name])
    given = [name for name in _SOURCES if source.get(name) is not None]
    if not given:
        text = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
        causes.append(invalid(path, "", f"{text}`secretKeyRef`"))
    elif variable.get("value"):
        causes.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(given) > 1:
        causes.append(invalid(path, "", "may not have more than one field specified at a time"))
    return causes


def field_reference(path: str, reference: Object, allowed: tuple[str, ...]) -> list[Cause]:
    """What is wrong with a reference to a field of the Pod."""
    wanted = reference.get("fieldPath", "")
    if not wanted:
        return [required(f"{path}.fieldPath")]
    if subscripted := _SUBSCRIPTED.fullmatch(wanted):
        outer, key = subscripted.groups()
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
    causes = invalid_each(f"{path}.name", name, formats.dns_subdomain(name))
    if not key:
        return [*causes, required(f"{path}.key")]
    return causes + invalid_each(f"{path}.key", key, formats.config_key(key))


def _env_from(path: str, index: int, source: Object) -> list[Cause]:
    place = f"{path}[{index}]"
    prefix = source.get("prefix", "")
    faults = formats.environment_name(prefix) if prefix else []
    causes = invalid_each(f"{place}.prefix", prefix, faults)
    given = [n for n in ("configMapRef", "secretRef") if source.get(n) is not None]
    for member in given:
        name = source[member].get("name", "")
        if not name:
            causes.append(required(f"{place}.{member}.name"))
        else:
            faults = formats.dns_subdomain(name)
            causes += invalid_each(f"{place}.{member}.name", name, faults)
    if not given:
        causes.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
    elif len(given) > 1:
        causes.append(invalid(path, "", "may not have more than one field specified at a time"))
    return causes
