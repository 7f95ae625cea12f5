"""PersistentVolumeClaims.

Source: kubernetes, pkg/apis/core/validation: ValidatePersistentVolumeClaimSpec.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, WIDE, Column, Row, field
from irsa_sandbox.apiserver.kinds.kind import STATUS, Kind, fill
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    forbidden,
    invalid,
    invalid_each,
    required,
    unsupported,
)

ACCESS_MODES = {
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOnce": "RWO",
    "ReadWriteOncePod": "RWOP",
}
_SPEC, _STATUS = (f"core.v1.PersistentVolumeClaim{half}" for half in ("Spec", "Status"))


def first_status(_: Object) -> Object:
    """The status of a claim that no controller has seen."""
    return {"phase": "Pending"}


def fill_claim(body: Object) -> None:
    """Fill in what a claim does not say, in place."""
    fill(body["spec"], volumeMode="Filesystem")


def spec_causes(path: str, spec: Object) -> list[Cause]:
    """What is wrong with the spec of one, which may stand in a StatefulSet."""
    causes: list[Cause] = []
    modes = spec.get("accessModes") or []
    if not modes:
        causes.append(required(f"{path}.accessModes", "at least 1 access mode is required"))
    for mode in modes:
        if mode not in ACCESS_MODES:
            causes.append(unsupported(f"{path}.accessModes", mode, ACCESS_MODES))
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        text = "may not use ReadWriteOncePod with other access modes"
        causes.append(forbidden(f"{path}.accessModes", text))
    asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    place = f"{path}.resources[storage]"
    if asked is None:
        causes.append(required(place))
    elif not formats.quantity(str(asked)) and formats.quantity_value(asked) <= 0:
        causes.append(invalid(place, str(asked), "must be greater than zero"))
    if name := spec.get("storageClassName"):
        faults = formats.dns_subdomain(name)
        causes += invalid_each(f"{path}.storageClassName", name, faults)
    return causes


def _phase(row: Row) -> str:
    ending = row.metadata.get("deletionTimestamp")
    return "Terminating" if ending else row.status.get("phase", "")


def _given(row: Row) -> Object:
    """The status of a claim that has a volume."""
    return row.status if row.spec.get("volumeName") else {}


def _capacity(row: Row) -> str:
    return str((_given(row).get("capacity") or {}).get("storage", ""))


def _modes(row: Row) -> str:
    return ",".join(ACCESS_MODES[mode] for mode in _given(row).get("accessModes") or ())


CLAIM = Kind(
    *("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    short_names=("pvc",),
    subresources=(STATUS,),
    columns=(
        NAME,
        Column("Status", f"@api.{_STATUS}.phase", _phase),
        field("Volume", f"{_SPEC}.volumeName"),
        Column("Capacity", f"@api.{_STATUS}.capacity", _capacity),
        Column("Access Modes", f"@api.{_STATUS}.accessModes", _modes),
        field("StorageClass", f"{_SPEC}.storageClassName"),
        field("VolumeAttributesClass", f"{_SPEC}.volumeAttributesClassName", "<unset>"),
        AGE,
        field("VolumeMode", f"{_SPEC}.volumeMode", "<unset>", WIDE),
    ),
    has_spec=True,
    counts_generation=True,
    first_status=first_status,
    defaults=fill_claim,
    validate=lambda body: spec_causes("spec", body.get("spec") or {}),
    kept={"PersistentVolumeClaimSpec": ("storageClassName",)},
)
