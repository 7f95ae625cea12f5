"""Who owns an object, and who of its owners controls it. Source: "Owners and Dependents"."""

from __future__ import annotations

from irsa_helpers.sandbox.apiclient import Object


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


def controller_of(body: Object) -> Object | None:
    """The reference to the controlling owner, or None."""
    references = body["metadata"].get("ownerReferences") or ()
    return next((each for each in references if each.get("controller")), None)


def controlled_by(body: Object, owner: Object) -> bool:
    """Whether this owner controls the object."""
    reference = controller_of(body)
    return reference is not None and reference["uid"] == owner["metadata"]["uid"]


def selects(owner: Object, body: Object) -> bool:
    """Whether the owner's `spec.selector` matches the object's labels."""
    wanted = owner["spec"].get("selector", {}).get("matchLabels") or {}
    labels = body["metadata"].get("labels") or {}
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def is_active(pod: Object) -> bool:
    """Whether a Pod still counts: not ended, and not on its way out."""
    phase = pod.get("status", {}).get("phase")
    return phase not in {"Succeeded", "Failed"} and not pod["metadata"].get("deletionTimestamp")


def is_ready(pod: Object) -> bool:
    """Whether the Pod's Ready condition is True."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
