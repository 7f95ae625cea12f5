"""The variables of a container as its processes get them: from `env` and from `envFrom`.

What is optional and not there is not set; what is empty is there, and most SDKs pass it over.
Source: Kubernetes documentation, "Define environment variables for a container".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import CannotSeeError

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.cluster import ClusterEvidence

SOURCES = {"configMapRef": "configmap", "secretRef": "secret"}
KEY_SOURCES = {"configMapKeyRef": "configMapRef", "secretKeyRef": "secretRef"}


@dataclass(frozen=True)
class Variable:
    """A variable of a container; `source` is e.g. `configmap/settings`, empty for its own `env`.

    `value` is None where it cannot be seen; `unseen` then names the right that is missing.
    """

    container: str
    name: str
    value: str | None
    source: str = ""
    key: str = ""
    unseen: str = ""

    @property
    def is_set(self) -> bool:
        """Whether it has a value; so where that cannot be seen."""
        return self.value != ""


def variables(case: ClusterEvidence, container: dict[str, Any]) -> dict[str, Variable]:
    """A container's variables by name; its own `env` comes before what `envFrom` brings in."""
    by_name: dict[str, Variable] = {}
    for variable in (*_from_sources(case, container), *_own(case, container)):
        by_name[variable.name] = variable
    return by_name


def _own(case: ClusterEvidence, container: dict[str, Any]) -> Iterator[Variable]:
    for entry in container.get("env") or []:
        reference = entry.get("valueFrom")
        if not reference:
            yield Variable(container["name"], entry["name"], entry.get("value", ""))
            continue
        for kind in KEY_SOURCES.keys() & reference.keys():
            yield from _by_key(case, container["name"], entry["name"], kind, reference[kind])
        if not KEY_SOURCES.keys() & reference.keys():
            told = "what the kubelet fills in"
            yield Variable(container["name"], entry["name"], None, unseen=told)


def _by_key(
    case: ClusterEvidence, container: str, name: str, kind: str, reference: dict[str, Any]
) -> Iterator[Variable]:
    """The value of one key of a ConfigMap or Secret; nothing where it is not there."""
    source, key = f"{SOURCES[KEY_SOURCES[kind]]}/{reference['name']}", reference["key"]
    try:
        data = case.data_of(KEY_SOURCES[kind], reference["name"])
    except CannotSeeError as error:
        yield Variable(container, name, None, unseen=error.message)
        return
    if key in data:
        yield Variable(container, name, data[key], key=f"{source}:{key}")


def _from_sources(case: ClusterEvidence, container: dict[str, Any]) -> Iterator[Variable]:
    """The variables that ConfigMaps and Secrets bring in through `envFrom`."""
    for source in container.get("envFrom") or []:
        for kind in SOURCES.keys() & source.keys():
            name, prefix = source[kind]["name"], source.get("prefix", "")
            for key, value in case.data_of(kind, name).items():
                place = f"{SOURCES[kind]}/{name}"
                yield Variable(container["name"], prefix + key, value, place, key)
