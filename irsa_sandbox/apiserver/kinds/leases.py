"""Leases.

Source: kubernetes, pkg/apis/coordination/validation.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, field
from irsa_sandbox.apiserver.kinds.kind import Kind
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import at_least_zero, invalid


def _causes(body: Object) -> list[Cause]:
    spec = body.get("spec") or {}
    causes: list[Cause] = []
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        causes.append(invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    return causes + at_least_zero("spec", spec, "leaseTransitions")


LEASE = Kind(
    *("coordination.k8s.io", "v1", "leases", "Lease"),
    columns=(NAME, field("Holder", "coordination.v1.LeaseSpec.holderIdentity"), AGE),
    has_spec=True,
    validate=_causes,
)
