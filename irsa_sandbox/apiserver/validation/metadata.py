"""Names, labels, annotations, owners and finalizers.

Source: apimachinery, pkg/api/validation/objectmeta.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    forbidden,
    invalid,
    invalid_each,
    required,
    too_long,
)

ANNOTATION_BYTES = 256 * 1024
STANDARD_FINALIZERS = {"kubernetes", "orphan", "foregroundDeletion"}


def metadata_causes(
    metadata: Object, form: Callable[[str], list[str]], *, core: bool
) -> list[Cause]:
    """What is wrong with an object's metadata; `form` finds what is wrong with a name.

    The finalizers of `core` kinds have names that are known, or qualified ones.
    """
    name = metadata.get("name", "")
    prefix = metadata.get("generateName", "")
    # A prefix may end where a name may not: a character more is to come.
    causes = invalid_each(
        "metadata.generateName", prefix, form(f"{prefix[:-1]}a") if prefix else ()
    )
    if not name:
        causes.append(required("metadata.name", "name or generateName is required"))
    else:
        causes += invalid_each("metadata.name", name, form(name))
    causes += label_causes("metadata.labels", metadata.get("labels") or {})
    causes += annotation_causes("metadata.annotations", metadata.get("annotations") or {})
    causes += _owner_causes(metadata.get("ownerReferences") or [])
    return causes + _finalizer_causes(metadata.get("finalizers") or [], core=core)


def label_causes(path: str, labels: dict[str, str]) -> list[Cause]:
    """What is wrong with some labels."""
    causes: list[Cause] = []
    for key, value in labels.items():
        causes += invalid_each(path, key, formats.qualified_name(key))
        causes += invalid_each(path, value, formats.label_value(value or ""))
    return causes


def annotation_causes(path: str, annotations: dict[str, str]) -> list[Cause]:
    """What is wrong with some annotations."""
    causes: list[Cause] = []
    for key in annotations:
        causes += invalid_each(path, key, formats.qualified_name(key.lower()))
    if sum(len(k.encode()) + len((v or "").encode()) for k, v in annotations.items()) > (
        ANNOTATION_BYTES
    ):
        causes.append(too_long(path, ANNOTATION_BYTES))
    return causes


def _owner_causes(references: list[Object]) -> list[Cause]:
    path, causes = "metadata.ownerReferences", []
    for reference in references:
        if not reference.get("apiVersion"):
            causes.append(invalid(f"{path}.apiVersion", "", "version must not be empty"))
        for name in ("kind", "name", "uid"):
            if not reference.get(name):
                causes.append(invalid(f"{path}.{name}", "", "must not be empty"))
    controllers = [reference for reference in references if reference.get("controller")]
    if len(controllers) > 1:
        first, second = (
            f"{reference['kind']}/{reference['name']}" for reference in controllers[:2]
        )
        text = 'Only one reference can have Controller set to true. Found "true" in references for '
        causes.append(invalid(path, references, f"{text}{first} and {second}"))
    return causes


def _finalizer_causes(finalizers: list[Any], *, core: bool) -> list[Cause]:
    path, causes = "metadata.finalizers", []
    for finalizer in finalizers:
        causes += invalid_each(path, finalizer, formats.qualified_name(finalizer))
    for index, finalizer in enumerate(finalizers):
        if core and "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            text = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(invalid(f"{path}[{index}]", finalizer, text))
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        text = "finalizer orphan and foregroundDeletion cannot be both set"
        causes.append(forbidden(path, text))
    return causes


def new_finalizer_causes(before: Object, after: Object) -> list[Cause]:
    """The finalizers that an update adds to an object that is on its way out."""
    if not before.get("deletionTimestamp"):
        return []
    new = sorted({*(after.get("finalizers") or ())} - {*(before.get("finalizers") or ())})
    if not new:
        return []
    listed = ", ".join(f'"{finalizer}"' for finalizer in new)
    text = "no new finalizers can be added if the object is being deleted, found new finalizers "
    return [forbidden("metadata.finalizers", f"{text}[]string{{{listed}}}")]
