"""What may not be changed about a Pod that exists.

Source: kubernetes, pkg/apis/core/validation: ValidatePodUpdate.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.pods.diff import pod_diff
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import forbidden, invalid
from irsa_sandbox.apiserver.validation.pods import toleration_causes

POD_UPDATES = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
    "to 1 if it was previously negative)"
)
_FREE = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName")


def update_causes(before: Object, after: Object) -> list[Cause]:
    """The changes of an update that are not allowed for a Pod."""
    old, new = before["spec"], after["spec"]
    causes: list[Cause] = []
    for group in ("containers", "initContainers"):
        if len(old.get(group) or ()) != len(new.get(group) or ()):
            # The API server looks no further here.
            text = "pod updates may not add or remove containers"
            return [forbidden(f"spec.{group}", text)]
    had, has = old.get("activeDeadlineSeconds"), new.get("activeDeadlineSeconds")
    if had is not None and had != has:
        place = "spec.activeDeadlineSeconds"
        if has is None:
            causes.append(
                invalid(place, None, "must not update from a positive integer to nil value")
            )
        elif has > had:
            text = f"must be less than or equal to previous value: {had}"
            causes.append(invalid(place, has, text))
    causes += _tolerations(old.get("tolerations") or [], new.get("tolerations") or [])
    kept = _with_what_is_free(new, old)
    if kept != old:
        causes.append(forbidden("spec", f"{POD_UPDATES}\n{pod_diff(old, kept)}"))
    return causes


def _tolerations(old: list[Object], new: list[Object]) -> list[Cause]:
    def bare(toleration: Object) -> Object:
        return {k: v for k, v in toleration.items() if k != "tolerationSeconds"}

    kept = [bare(toleration) for toleration in new]
    if any(bare(toleration) not in kept for toleration in old):
        text = "existing toleration can not be modified except its tolerationSeconds"
        return [forbidden("spec.tolerations", text)]
    return toleration_causes("spec.tolerations", new) if old != new else []


def _with_what_is_free(new: Object, old: Object) -> Object:
    """The new spec with the fields that may change set back: other differences break the rules."""
    kept = {name: value for name, value in new.items() if name not in _FREE}
    kept |= {name: old[name] for name in _FREE if name in old}
    for group in ("containers", "initContainers"):
        if group in kept:
            pairs = zip(kept[group], old.get(group) or (), strict=True)
            kept[group] = [container | {"image": was.get("image", "")} for container, was in pairs]
    return kept
