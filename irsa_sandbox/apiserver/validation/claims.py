"""PersistentVolumeClaims.

Source: kubernetes, pkg/apis/core/validation: ValidatePersistentVolumeClaimSpec.
"""

from __future__ import annotations

from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    invalid,
    invalid_each,
    required,
    unsupported,
)

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def claim(body: Object) -> list[Cause]:
    """What is wrong with a PersistentVolumeClaim."""
    return claim_spec("spec", body.get("spec") or {})


def claim_spec(path: str, spec: Object) -> list[Cause]:
    """What is wrong with the spec of one, which may stand in a StatefulSet."""
    found: list[Cause] = []
    modes = spec.get("accessModes") or []
    if not modes:
        found.append(required(f"{path}.accessModes", "at least 1 access mode is required"))
    for mode in modes:
        if mode not in ACCESS_MODES:
            found.append(unsupported(f"{path}.accessModes", mode, ACCESS_MODES))
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        text = "may not use ReadWriteOncePod with other access modes"
        found.append(("FieldValueForbidden", f"{path}.accessModes", f"Forbidden: {text}"))
    asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    place = f"{path}.resources[storage]"
    if asked is None:
        found.append(required(place))
    elif not formats.quantity(str(asked)) and formats.quantity_value(asked) <= 0:
        found.append(invalid(place, str(asked), "must be greater than zero"))
    if name := spec.get("storageClassName"):
        faults = formats.dns_subdomain(name)
        found += invalid_each(f"{path}.storageClassName", name, faults)
    return found
