"""Files that a container has from a ConfigMap or a Secret."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename, normpath, relpath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

KINDS = {"configMap": ("configMapRef", "name"), "secret": ("secretRef", "secretName")}


def mounted_file(
    case: Case, spec: dict[str, Any], container: dict[str, Any], path: str
) -> str | None:
    """What a file of a container says; "" where a volume of such a kind stands there without it.

    None where the file is the image's, or of a volume that cannot be looked into.
    """
    volumes = {volume["name"]: volume for volume in spec.get("volumes") or []}
    mounts = sorted(container.get("volumeMounts") or [], key=lambda m: -len(m["mountPath"]))
    for mount in mounts:
        inside = relpath(normpath(path), normpath(mount["mountPath"]))
        if inside.startswith(".."):
            continue
        wanted = mount.get("subPath", basename(path)) if inside == "." else inside
        sources = list(_sources(volumes.get(mount["name"], {})))
        if not sources:
            return None
        return next(
            (text for source in sources for name, text in _files(case, source) if name == wanted),
            "",
        )
    return None


def _sources(volume: dict[str, Any]) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    """(kind, name, items) of the ConfigMaps and Secrets that a volume shows."""
    for holder in (volume, *volume.get("projected", {}).get("sources", [])):
        for kind, (reference, key) in KINDS.items():
            if kind in holder:
                source = holder[kind]
                name = source.get(key) or source.get("name", "")
                yield reference, name, source.get("items") or []


def _files(case: Case, source: tuple[str, str, list[dict[str, str]]]) -> Iterator[tuple[str, str]]:
    reference, name, items = source
    data = case.data_of(reference, name)
    paths = {item["key"]: item["path"] for item in items}
    for key, text in data.items():
        if not items or key in paths:
            yield paths.get(key, key), text
