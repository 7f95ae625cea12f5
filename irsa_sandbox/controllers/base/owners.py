"""Who owns an object, and who of its owners controls it. Source: "Owners and Dependents"."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiclient import Object
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.kinds import Kind


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
    told, known = ({k: v for k, v in status.items() if v} for status in (one, other or {}))
    return told == known


def controller_of(body: Object) -> Object | None:
    """The reference to the controlling owner, or None."""
    references = body["metadata"].get("ownerReferences") or ()
    return next((reference for reference in references if reference.get("controller")), None)


def controlled_by(body: Object, owner: Object) -> bool:
    """Whether this owner controls the object."""
    reference = controller_of(body)
    return reference is not None and reference["uid"] == owner["metadata"]["uid"]


async def claim(
    cluster: Cluster,
    kind: Kind,
    owner: Object,
    *,
    may_adopt: Callable[[Object], bool] = lambda _: True,
) -> list[Object]:
    """The objects of a kind that the owner controls.

    Orphans that its selector matches are adopted, if they may be; what it does not match any
    more is let go.
    Source: Kubernetes, pkg/controller, ControllerRefManager.
    """
    namespace, selector = owner["metadata"]["namespace"], owner["spec"].get("selector")
    claimed = []
    for body in list(cluster[kind].objects.values()):
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
                reference
                for reference in metadata.get("ownerReferences") or ()
                if reference["uid"] != owner["metadata"]["uid"]
            ] + ([] if mine else [owner_reference(owner)])
            change = {"uid": metadata["uid"], "ownerReferences": references}
            changed = await cluster.patch(kind, body, {"metadata": change})
            claimed += [] if mine else [changed]
    return claimed


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
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "True":
            return datetime.fromisoformat(condition["lastTransitionTime"]).timestamp()
    return None


def soonest(waits: Iterable[float]) -> float | None:
    """The first moment that is still to come; None where nothing is waited for."""
    return min((wait for wait in waits if 0 < wait < math.inf), default=None)


def available_in(pod: Object, least_seconds: float, now: float) -> float:
    """Seconds until a Pod has been ready for so long; infinite while it is not ready."""
    since = ready_since(pod)
    return math.inf if since is None else max(0.0, since + least_seconds - now)
