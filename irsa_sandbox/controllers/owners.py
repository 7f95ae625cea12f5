"""Who owns an object, and who of its owners controls it. Source: "Owners and Dependents"."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiclient import ApiClient, Informer, Key, Object, key_of, path_of


def living(collection: Informer, key: Key, api_version: str, kind: str) -> Object | None:
    """The object, with its type, which a list leaves out; None where it is gone or on its way."""
    body = collection.objects.get(key)
    if body is None or body["metadata"].get("deletionTimestamp"):
        return None
    return body | {"apiVersion": api_version, "kind": kind}


def owner_reference(owner: Object) -> Object:
    """A controller's reference to itself, for the objects that it makes."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def same_status(one: Object, other: Object | None) -> bool:
    """Whether two statuses tell the same: the API server keeps no zeros and nothing empty."""
    told, known = ({k: v for k, v in each.items() if v} for each in (one, other or {}))
    return told == known


def controller_of(body: Object) -> Object | None:
    """The reference to the controlling owner, or None."""
    references = body["metadata"].get("ownerReferences") or ()
    return next((each for each in references if each.get("controller")), None)


def controlled_by(body: Object, owner: Object) -> bool:
    """Whether this owner controls the object."""
    reference = controller_of(body)
    return reference is not None and reference["uid"] == owner["metadata"]["uid"]


async def claim(
    client: ApiClient,
    collection: Informer,
    plural: str,
    owner: Object,
    *,
    may_adopt: Callable[[Object], bool] = lambda _: True,
) -> list[Object]:
    """The objects of a collection that the owner controls.

    Orphans that its selector matches are adopted, if they may be; what it does not match any
    more is let go.
    Source: Kubernetes, pkg/controller, ControllerRefManager.
    """
    namespace, selector = owner["metadata"]["namespace"], owner["spec"].get("selector")
    claimed = []
    for body in list(collection.objects.values()):
        metadata = body["metadata"]
        if metadata.get("namespace") != namespace:
            continue
        mine = controlled_by(body, owner)
        matches = bool(selector) and selects(selector, metadata.get("labels") or {})
        if mine and matches:
            claimed.append(body)
        elif is_active(body) and (
            mine or (matches and controller_of(body) is None and may_adopt(body))
        ):
            references = [
                each
                for each in metadata.get("ownerReferences") or ()
                if each["uid"] != owner["metadata"]["uid"]
            ] + ([] if mine else [owner_reference(owner)])
            path = path_of(owner_version(plural), plural, *key_of(body))
            change = {"uid": metadata["uid"], "ownerReferences": references}
            changed = await client.patch(path, {"metadata": change})
            collection.note(changed)
            claimed += [] if mine else [changed]
    return claimed


def owner_version(plural: str) -> str:
    """The API version of what a controller owns."""
    return "v1" if plural == "pods" else "apps/v1"


def is_ended(pod: Object) -> bool:
    """Whether no container of the Pod runs or will run again."""
    return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}


def is_active(pod: Object) -> bool:
    """Whether a Pod still counts: not ended, and not on its way out."""
    return not is_ended(pod) and not pod["metadata"].get("deletionTimestamp")


def is_ready(pod: Object) -> bool:
    """Whether the Pod's Ready condition is True."""
    return ready_since(pod) is not None


def ready_since(pod: Object) -> float | None:
    """Since when the Pod has been ready, in seconds since the epoch; None where it is not."""
    for each in pod.get("status", {}).get("conditions") or ():
        if each["type"] == "Ready" and each["status"] == "True":
            return datetime.fromisoformat(each["lastTransitionTime"]).timestamp()
    return None


def available_in(pod: Object, least_seconds: float, now: float) -> float:
    """Seconds until a Pod has been ready for so long; infinite while it is not ready."""
    since = ready_since(pod)
    return math.inf if since is None else max(0.0, since + least_seconds - now)
