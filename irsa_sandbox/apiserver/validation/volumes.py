"""The volumes of a Pod.

Source: kubernetes, pkg/apis/core/validation: ValidateVolumes and the sources that the sandbox has.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    duplicate,
    forbidden,
    invalid,
    invalid_each,
    required,
)
from irsa_sandbox.apiserver.validation.environment import field_reference

FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
SHORTEST_SECONDS, LONGEST_SECONDS = 600, 2**32
_VOLUME_FIELDS = (
    *("metadata.annotations", "metadata.labels", "metadata.name"),
    *("metadata.namespace", "metadata.uid"),
)


def volumes_causes(path: str, volumes: list[Object]) -> tuple[set[str], list[Cause]]:
    """The names of the volumes that are right, and what is wrong with the others."""
    names: set[str] = set()
    causes: list[Cause] = []
    for index, volume in enumerate(volumes):
        place, name = f"{path}[{index}]", volume.get("name", "")
        faults = _source_causes(place, volume)
        if not name:
            faults.append(required(f"{place}.name"))
        else:
            faults += invalid_each(f"{place}.name", name, formats.dns_label(name))
        if name in names:
            faults.append(duplicate(f"{place}.name", name))
        if faults:
            causes += faults
        else:
            names.add(name)
    return names, causes


def _source_causes(path: str, volume: Object) -> list[Cause]:
    given = [name for name in volume if name != "name"]
    if not given:
        return [required(path, "must specify a volume type")]
    first, *others = given
    source, place = volume[first] or {}, f"{path}.{first}"
    causes: list[Cause] = []
    if first == "hostPath":
        causes += _path_causes(place, source)
    elif first == "secret":
        causes += _keyed(place, source, "secretName")
    elif first == "configMap":
        causes += _keyed(place, source, "name")
    elif first == "downwardAPI":
        causes += _mode(place, source, "defaultMode") + _downward(place, source)
    elif first == "projected":
        causes += _projected(place, source)
    elif first == "persistentVolumeClaim" and not source.get("claimName"):
        causes.append(required(f"{place}.claimName"))
    text = "may not specify more than 1 volume type"
    return causes + [forbidden(f"{path}.{name}", text) for name in others]


def _path_causes(path: str, source: Object) -> list[Cause]:
    if not source.get("path"):
        return [required(f"{path}.path")]
    if ".." in source["path"].split("/"):
        return [invalid(f"{path}.path", source["path"], "must not contain '..'")]
    return []


def _mode(path: str, source: Object, name: str) -> list[Cause]:
    mode = source.get(name)
    fits = mode is None or 0 <= mode <= 0o777
    return [] if fits else [invalid(f"{path}.{name}", mode, FILE_MODE)]


def _keyed(path: str, source: Object, name: str) -> list[Cause]:
    causes = [] if source.get(name) else [required(f"{path}.{name}")]
    return causes + _mode(path, source, "defaultMode") + _items(path, source)


def _items(path: str, source: Object) -> list[Cause]:
    causes: list[Cause] = []
    for index, item in enumerate(source.get("items") or ()):
        place = f"{path}.items[{index}]"
        causes += [required(f"{place}.{n}") for n in ("key", "path") if not item.get(n)]
        causes += reserved_path(f"{place}.path", item.get("path", ""))
        causes += _mode(place, item, "mode")
    return causes


def descending_path(path: str, target: str) -> list[Cause]:
    """What is wrong with a path that must lead downwards."""
    if target.startswith("/"):
        return [invalid(path, target, "must be a relative path")]
    if ".." in target.split("/"):
        return [invalid(path, target, "must not contain '..'")]
    return []


def reserved_path(path: str, target: str) -> list[Cause]:
    """Like `descending_path`; names that begin with two dots are the kubelet's own."""
    causes = descending_path(path, target)
    if target.startswith("..") and not target.startswith("../"):
        causes.append(invalid(path, target, "must not start with '..'"))
    return causes


def _downward(path: str, source: Object) -> list[Cause]:
    causes: list[Cause] = []
    for index, item in enumerate(source.get("items") or ()):
        place = f"{path}.items[{index}]"
        if not item.get("path"):
            causes.append(required(f"{place}.path"))
        causes += reserved_path(f"{place}.path", item.get("path", ""))
        if item.get("fieldRef") is not None:
            allowed = _VOLUME_FIELDS
            causes += field_reference(f"{place}.fieldRef", item["fieldRef"], allowed)
        elif item.get("resourceFieldRef") is None:
            text = "one of fieldRef and resourceFieldRef is required"
            causes.append(required(f"{place}.fieldRef", text))
    return causes


def _projected(path: str, source: Object) -> list[Cause]:
    causes = _mode(path, source, "defaultMode")
    for index, projection in enumerate(source.get("sources") or ()):
        place = f"{path}.sources[{index}]"
        for at, (name, member) in enumerate(projection.items()):
            if at:
                text = "may not specify more than 1 volume type per source"
                causes.append(forbidden(f"{place}.{name}", text))
            elif name in {"secret", "configMap"}:
                causes += _keyed(f"{place}.{name}", member, "name")
            elif name == "downwardAPI":
                causes += _downward(f"{place}.{name}", member)
            elif name == "serviceAccountToken":
                causes += _token(f"{place}.{name}", member)
    return causes


def _token(path: str, source: Object) -> list[Cause]:
    causes: list[Cause] = []
    seconds = source.get("expirationSeconds", SHORTEST_SECONDS)
    place = f"{path}.expirationSeconds"
    if seconds < SHORTEST_SECONDS:
        text = "may not specify a duration less than 10 minutes"
        causes.append(invalid(place, seconds, text))
    elif seconds > LONGEST_SECONDS:
        text = "may not specify a duration larger than 2^32 seconds"
        causes.append(invalid(place, seconds, text))
    if not source.get("path"):
        return [*causes, required(f"{path}.path")]
    return causes + reserved_path(f"{path}.path", source["path"])
