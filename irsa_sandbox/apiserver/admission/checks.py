"""Which objects the API server refuses, and how it says why.

Each kind has the checks that kubernetes' pkg/apis/*/validation makes of the fields which the
sandbox serves; their order and their sentences are kept. Left out are features behind gates, and
volumes that the sandbox does not have.
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver.ground.status import Cause, invalid
from irsa_sandbox.apiserver.kinds import Kind
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import immutable
from irsa_sandbox.apiserver.validation.metadata import metadata_causes, new_finalizer_causes


def check_new(kind: Kind, body: Object) -> None:
    """Raises StatusError 422 with everything that is wrong with an object to be made."""
    if causes := _causes(kind, body):
        raise invalid(kind, body["metadata"].get("name", ""), causes)


def _causes(kind: Kind, body: Object) -> list[Cause]:
    return _metadata_causes(kind, body["metadata"]) + kind.validate(body)


def _metadata_causes(kind: Kind, metadata: Object) -> list[Cause]:
    return metadata_causes(metadata, kind.name_form, core=not kind.group)


def check_update(kind: Kind, before: Object, after: Object, subresource: str) -> None:
    """Raises StatusError 422 with everything that is wrong with an object's new form."""
    if subresource == "status":
        causes = _metadata_causes(kind, after["metadata"])
    else:
        causes = _causes(kind, after)
        causes += new_finalizer_causes(before["metadata"], after["metadata"])
        causes += [cause for cause in _update_causes(kind, before, after) if cause not in causes]
    if causes:
        raise invalid(kind, after["metadata"].get("name", ""), causes)


def _update_causes(kind: Kind, before: Object, after: Object) -> list[Cause]:
    """The changes of an update that are not allowed."""
    changed = [path for path in kind.immutable if _at(before, path) != _at(after, path)]
    fixed = [immutable(path, _at(after, path)) for path in changed]
    return fixed + kind.validate_update(before, after)


def _at(body: Object, path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        value = (value or {}).get(name)
    return value
