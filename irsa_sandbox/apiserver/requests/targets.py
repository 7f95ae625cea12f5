"""What a request is about, and whether its body is about the same.

Source: kubernetes, apiserver/pkg/endpoints/handlers: the checks of name, namespace and kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import bad_request
from irsa_sandbox.apiserver.kinds import KINDS, Kind
from irsa_sandbox.apiserver.kinds.kind import Subresource
from irsa_sandbox.apiserver.store.storage import Key, Object

KNOWN = {(kind.api_version, kind.kind) for kind in KINDS}


@dataclass(frozen=True)
class Target:
    """What a request is about: a resource, perhaps a namespace, a name and a subresource."""

    resource: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        """Where the store has it."""
        return self.resource.qualified, self.namespace, self.name

    @property
    def part(self) -> Subresource | None:
        """What its kind says of the subresource; None without one, and where there is none."""
        return self.resource.subresource(self.subresource)

    @property
    def own_kind(self) -> Resource:
        """The kind of what is sent: that of the object, or that of the subresource."""
        if self.part is None or not self.part.kind:
            return self.resource
        return Resource(self.part.group, "v1", "", self.part.kind)


def checked_metadata(target: Target, body: Object) -> Object:
    """The metadata of a body that belongs to the target, completed in place.

    Raises StatusError 400 where it is of another kind, name or namespace.
    """
    resource = target.resource
    check_kind(resource, body)
    body |= {"apiVersion": resource.api_version, "kind": resource.kind}
    metadata: Object = body.setdefault("metadata", {})
    if target.name and metadata.get("name", "") != target.name:
        if not metadata.get("name"):
            raise bad_request("name must be provided")
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL "
            f"({target.name})"
        )
    if target.namespace:
        given = metadata.setdefault("namespace", target.namespace)
        if given != target.namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on "
                "the request"
            )
    return metadata


def check_kind(resource: Resource, body: Object) -> None:
    """Raises StatusError 400 where an object says that it is of another kind or version."""
    version = body.get("apiVersion") or resource.api_version
    kind = body.get("kind") or resource.kind
    if (version, kind) == (resource.api_version, resource.kind):
        return
    short = version.rpartition("/")[2]
    prefix = f'{kind} in version "{short}" cannot be handled as a {resource.kind}: '
    if (version, kind) in KNOWN:
        group = resource.group.partition(".")[0] or "core"
        raise bad_request(
            f"{prefix}converting ({version}.{kind}) to ({group}.{resource.kind}): "
            "unknown conversion"
        )
    if kind == resource.kind and version.partition("/")[0] == resource.group:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    raise bad_request(
        f'{prefix}no kind "{kind}" is registered for version "{version}" in scheme '
        '"pkg/api/legacyscheme/scheme.go:30"'
    )
