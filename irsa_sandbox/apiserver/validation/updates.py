"""What may not be changed about an object that exists.

Source: kubernetes, the Validate...Update functions of pkg/apis/*/validation.
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import forbidden, immutable, invalid
from irsa_sandbox.apiserver.validation.pod_diff import pod_diff
from irsa_sandbox.apiserver.validation.pods import toleration_causes

POD_UPDATES = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
    "to 1 if it was previously negative)"
)
SET_UPDATES = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
    "'minReadySeconds' are forbidden"
)
_SET_FREE = {
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
}
FINAL_DATA = "field is immutable when `immutable` is set"
# Fields that stay as they are made, by kind.
IMMUTABLE: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec.selector",),
    "ReplicaSet": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "ControllerRevision": ("data",),
    "Job": ("spec.completions", "spec.selector", "spec.template", "spec.completionMode"),
    "Secret": ("type",),
}
_POD_FREE = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName")


def update_causes(resource: Resource, before: Object, after: Object) -> list[Cause]:
    """What an update changes that it may not."""
    kind = resource.kind
    found = [
        immutable(path, _at(after, path))
        for path in IMMUTABLE.get(kind, ())
        if _at(before, path) != _at(after, path)
    ]
    if kind == "Pod":
        found += _pod(before, after)
    elif kind == "StatefulSet":
        found += _set(before["spec"], after["spec"])
    elif kind in {"ConfigMap", "Secret"} and before.get("immutable"):
        found += _final(before, after)
    elif kind in {"RoleBinding", "ClusterRoleBinding"}:
        found += _role_reference(before, after)
    elif kind == "Service":
        found += _addresses(before["spec"], after["spec"])
    return found


def _at(body: Object, path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        value = (value or {}).get(name)
    return value


def _set(before: Object, after: Object) -> list[Cause]:
    def kept(spec: Object) -> Object:
        return {name: value for name, value in spec.items() if name not in _SET_FREE}

    return [] if kept(before) == kept(after) else [forbidden("spec", SET_UPDATES)]


def _final(before: Object, after: Object) -> list[Cause]:
    found: list[Cause] = []
    if not after.get("immutable"):
        found.append(forbidden("immutable", FINAL_DATA))
    return found + [
        forbidden(name, FINAL_DATA)
        for name in ("data", "binaryData")
        if (before.get(name) or {}) != (after.get(name) or {})
    ]


def _role_reference(before: Object, after: Object) -> list[Cause]:
    reference = after.get("roleRef") or {}
    if before["roleRef"] == reference:
        return []
    given = {
        "APIGroup": reference.get("apiGroup", ""),
        "Kind": reference.get("kind", ""),
        "Name": reference.get("name", ""),
    }
    return [invalid("roleRef", given, "cannot change roleRef")]


def _addresses(before: Object, after: Object) -> list[Cause]:
    if "ExternalName" in (before.get("type"), after.get("type")):
        return []
    had, has = before.get("clusterIP"), after.get("clusterIP")
    if had == has:
        return []
    return [invalid("spec.clusterIPs[0]", [has], "may not change once set")]


def _pod(before: Object, after: Object) -> list[Cause]:
    old, new = before["spec"], after["spec"]
    found: list[Cause] = []
    for group in ("containers", "initContainers"):
        if len(old.get(group) or ()) != len(new.get(group) or ()):
            # The API server looks no further here.
            text = "pod updates may not add or remove containers"
            return [forbidden(f"spec.{group}", text)]
    had, has = old.get("activeDeadlineSeconds"), new.get("activeDeadlineSeconds")
    if had is not None and had != has:
        place = "spec.activeDeadlineSeconds"
        if has is None:
            found.append(
                invalid(place, None, "must not update from a positive integer to nil value")
            )
        elif has > had:
            text = f"must be less than or equal to previous value: {had}"
            found.append(invalid(place, has, text))
    found += _tolerations(old.get("tolerations") or [], new.get("tolerations") or [])
    kept = _with_what_is_free(new, old)
    if kept != old:
        found.append(forbidden("spec", f"{POD_UPDATES}\n{pod_diff(old, kept)}"))
    return found


def _tolerations(old: list[Object], new: list[Object]) -> list[Cause]:
    def bare(each: Object) -> Object:
        return {k: v for k, v in each.items() if k != "tolerationSeconds"}

    kept = [bare(each) for each in new]
    if any(bare(each) not in kept for each in old):
        text = "existing toleration can not be modified except its tolerationSeconds"
        return [forbidden("spec.tolerations", text)]
    return toleration_causes("spec.tolerations", new) if old != new else []


def _with_what_is_free(new: Object, old: Object) -> Object:
    """The new spec, with what may be changed as it was: what is left differs against the rules."""
    kept = {name: value for name, value in new.items() if name not in _POD_FREE}
    kept |= {name: old[name] for name in _POD_FREE if name in old}
    for group in ("containers", "initContainers"):
        if group in kept:
            pairs = zip(kept[group], old.get(group) or (), strict=True)
            kept[group] = [each | {"image": was.get("image", "")} for each, was in pairs]
    return kept
