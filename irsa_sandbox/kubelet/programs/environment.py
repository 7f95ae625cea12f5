"""The environment of a container: the Pod's own, built from nothing.

No variable of the person at the keyboard is in it. Where a container can have no mount namespace, a
variable or an argument that names one of its mount paths is rewritten to where that volume really
is: a simplification, stated in the course.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from irsa_sandbox.apiclient import ApiClient, Object, path_of
from irsa_sandbox.values.quantity import in_units

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


class ConfigError(Exception):
    """A container cannot be configured: the message of CreateContainerConfigError."""


def field_value(pod: Object, path: str) -> str:
    """A downward API field such as `metadata.name`, `status.podIP` or `metadata.labels['app']`."""
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    simple = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.podIP": status.get("podIP", ""),
        "status.podIPs": status.get("podIP", ""),
        "status.hostIP": status.get("hostIP", ""),
        "status.hostIPs": status.get("hostIP", ""),
    }
    if path in simple:
        return str(simple[path])
    if asked := re.fullmatch(r"metadata\.(labels|annotations)(?:\['(.+)'\])?", path):
        values = metadata.get(asked[1]) or {}
        if asked[2]:
            return str(values.get(asked[2], ""))
        return "\n".join(f'{key}="{value}"' for key, value in sorted(values.items()))
    raise ConfigError(f"unsupported fieldPath: {path}")


def resource_value(container: Object, reference: Object, allocatable: Mapping[str, str]) -> str:
    """A resource of a container, such as `limits.memory`, in units of the reference's divisor.

    What the container does not limit is limited by what the node can give.
    """
    group, _, name = reference["resource"].partition(".")
    given = (container.get("resources") or {}).get(group) or {}
    otherwise = allocatable.get(name, "0") if group == "limits" else "0"
    return str(in_units(given.get(name, otherwise), reference.get("divisor", "1")))


async def container_environment(
    client: ApiClient,
    pod: Object,
    container: Object,
    node: Mapping[str, str],
    allocatable: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Name -> value: what the node gives, envFrom, env with references resolved, in that order.

    Raises ConfigError where a ConfigMap, a Secret or a key of it is missing.
    """
    values = dict(node)
    for source in container.get("envFrom") or ():
        prefix = source.get("prefix", "")
        for name, value in (await _whole(client, pod, source)).items():
            values[prefix + name] = value
    for entry in container.get("env") or ():
        source = entry.get("valueFrom")
        if source is None:
            values[entry["name"]] = expand(entry.get("value", ""), values)
        elif "resourceFieldRef" in source:
            reference = source["resourceFieldRef"]
            values[entry["name"]] = resource_value(container, reference, allocatable)
        elif (resolved := await _single(client, pod, source)) is not None:
            values[entry["name"]] = resolved
    return values


def service_environment(server_url: str) -> dict[str, str]:
    """Where a container finds the API server: the variables of the Service `kubernetes`."""
    parts = urlsplit(server_url)
    host, port = parts.hostname or "", str(parts.port or 443)
    return {
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
        "KUBERNETES_SERVICE_PORT_HTTPS": port,
        "KUBERNETES_PORT": f"tcp://{host}:{port}",
    }


def expand(text: str, values: Mapping[str, str]) -> str:
    """`$(NAME)` replaced by a known variable, `$$` by a dollar; an unknown name is left alone."""

    def replaced(reference: re.Match[str]) -> str:
        if reference.group() == "$$":
            return "$"
        return values.get(reference[1], reference.group())

    return _REFERENCE.sub(replaced, text)


async def _whole(client: ApiClient, pod: Object, source: Object) -> dict[str, str]:
    for member, plural in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
        if member in source:
            return await _data(client, pod, plural, source[member])
    return {}


async def _single(client: ApiClient, pod: Object, source: Object) -> str | None:
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"])
    for member, plural in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
        if member in source:
            reference = source[member]
            values = await _data(client, pod, plural, reference)
            if reference["key"] in values:
                return values[reference["key"]]
            if reference.get("optional"):
                return None
            namespace = pod["metadata"]["namespace"]
            kind = "ConfigMap" if plural == "configmaps" else "Secret"
            raise ConfigError(
                f"couldn't find key {reference['key']} in {kind} {namespace}/{reference['name']}"
            )
    raise ConfigError(f"NotImplemented: the sandbox resolves no {', '.join(source)}")


async def _data(client: ApiClient, pod: Object, plural: str, reference: Object) -> dict[str, str]:
    namespace = pod["metadata"]["namespace"]
    body = await client.get(path_of("v1", plural, namespace, reference["name"]))
    if body is None:
        if reference.get("optional"):
            return {}
        raise ConfigError(f'{plural.rstrip("s")} "{reference["name"]}" not found')
    texts = body.get("data") or {}
    if plural == "secrets":
        return {name: base64.b64decode(value).decode() for name, value in texts.items()}
    return dict(texts)


class Paths:
    """Where a container's mount paths and the node's link-local addresses really are.

    `addresses` maps an origin such as `http://169.254.170.23` to one on this machine. What is below
    one of the folders `kept` is a path of this machine already, also where a mount is above it.
    """

    def __init__(
        self,
        places: Mapping[str, Path],
        addresses: Mapping[str, str] | None = None,
        kept: Iterable[Path] = (),
    ) -> None:
        self._addresses = dict(addresses or {})
        self._kept = [str(folder) for folder in kept]
        # The longest first: one mount may stand below another.
        self._places = sorted(places.items(), key=lambda place: -len(place[0]))

    @property
    def places(self) -> list[Path]:
        """Where the mounts are on this machine."""
        return [place for _, place in self._places]

    def without_places(self) -> Paths:
        """The addresses alone: for a container that has its mounts where they belong."""
        return Paths({}, self._addresses)

    def rewrite(self, text: str) -> str:
        """The text with each mount path and address replaced by its place on this machine."""
        for address, actual in self._addresses.items():
            text = re.sub(rf"{re.escape(address)}(?![\w.:])", actual, text)
        # In one pass: a place that was put in may itself be below a mount path such as /tmp.
        known = dict.fromkeys(self._kept) | {path: str(place) for path, place in self._places}
        if not known:
            return text
        either = "|".join(map(re.escape, known))
        pattern = rf"(?<![\w./-])(?:{either})(?![\w.-])"
        return re.sub(pattern, lambda matched: known[matched[0]] or matched[0], text)

    def arguments(self, words: Iterable[str]) -> list[str]:
        """Each word rewritten."""
        return [self.rewrite(word) for word in words]
