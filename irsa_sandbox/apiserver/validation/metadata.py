"""Names, labels, annotations, owners and finalizers.

Source: apimachinery, pkg/api/validation/objectmeta.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
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
    found = invalid_each("metadata.generateName", prefix, form(f"{prefix[:-1]}a") if prefix else ())
    if not name:
        found.append(required("metadata.name", "name or generateName is required"))
    else:
        found += invalid_each("metadata.name", name, form(name))
    found += label_causes("metadata.labels", metadata.get("labels") or {})
    found += annotation_causes("metadata.annotations", metadata.get("annotations") or {})
    found += _owner_causes(metadata.get("ownerReferences") or [])
    return found + _finalizer_causes(metadata.get("finalizers") or [], core=core)


def label_causes(path: str, labels: dict[str, str]) -> list[Cause]:
    """What is wrong with some labels."""
    found: list[Cause] = []
    for key, value in labels.items():
        found += invalid_each(path, key, formats.qualified_name(key))
        found += invalid_each(path, value, formats.label_value(value or ""))
    return found


def annotation_causes(path: str, annotations: dict[str, str]) -> list[Cause]:
    """What is wrong with some annotations."""
    found: list[Cause] = []
    for key in annotations:
        found += invalid_each(path, key, formats.qualified_name(key.lower()))
    if sum(len(k.encode()) + len((v or "").encode()) for k, v in annotations.items()) > (
        ANNOTATION_BYTES
    ):
        found.append(too_long(path, ANNOTATION_BYTES))
    return found


def _owner_causes(references: list[Object]) -> list[Cause]:
    path, found = "metadata.ownerReferences", []
    for each in references:
        if not each.get("apiVersion"):
            found.append(invalid(f"{path}.apiVersion", "", "version must not be empty"))
        for name in ("kind", "name", "uid"):
            if not each.get(name):
                found.append(invalid(f"{path}.{name}", "", "must not be empty"))
    controllers = [each for each in references if each.get("controller")]
    if len(controllers) > 1:
        first, second = (f"{each['kind']}/{each['name']}" for each in controllers[:2])
        text = 'Only one reference can have Controller set to true. Found "true" in references for '
        found.append(invalid(path, references, f"{text}{first} and {second}"))
    return found


def _finalizer_causes(finalizers: list[Any], *, core: bool) -> list[Cause]:
    path, found = "metadata.finalizers", []
    for each in finalizers:
        found += invalid_each(path, each, formats.qualified_name(each))
    for index, each in enumerate(finalizers):
        if core and "/" not in each and each not in STANDARD_FINALIZERS:
            text = "name is neither a standard finalizer name nor is it fully qualified"
            found.append(invalid(f"{path}[{index}]", each, text))
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        text = "finalizer orphan and foregroundDeletion cannot be both set"
        found.append(forbidden(path, text))
    return found


def new_finalizer_causes(before: Object, after: Object) -> list[Cause]:
    """The finalizers that an update adds to an object that is on its way out."""
    if not before.get("deletionTimestamp"):
        return []
    new = sorted({*(after.get("finalizers") or ())} - {*(before.get("finalizers") or ())})
    if not new:
        return []
    listed = ", ".join(f'"{each}"' for each in new)
    text = "no new finalizers can be added if the object is being deleted, found new finalizers "
    return [forbidden("metadata.finalizers", f"{text}[]string{{{listed}}}")]
