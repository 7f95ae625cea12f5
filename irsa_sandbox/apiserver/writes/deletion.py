"""The options of a deletion, and its answer.

Source: API reference, DeleteOptions; apimachinery, its validation; apiserver, rest/delete.go.
"""

from __future__ import annotations

from starlette.datastructures import QueryParams

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import Cause, StatusError, invalid
from irsa_sandbox.apiserver.kinds import Kind
from irsa_sandbox.apiserver.requests.options import check_change_options, number, truth
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.fields import check_types
from irsa_sandbox.apiserver.validation.causes import invalid as invalid_value
from irsa_sandbox.apiserver.validation.causes import unsupported

POLICIES = ("Background", "Foreground", "Orphan")
_DELETE_OPTIONS = Resource("meta.k8s.io", "v1", "deleteoptions", "DeleteOptions")
_SCHEMA = Resource("", "v1", "deleteoptions", "DeleteOptions")  # under which it is published


def deletion_options(query: QueryParams, body: Object) -> Object:
    """The options of a deletion: its body, or its query where the body is empty.

    Raises StatusError 400 for a value of a wrong type, 422 for options that are not allowed.
    """
    check_types(_SCHEMA, body)
    check_change_options(query, "DELETE", applies=False)
    options = dict(body)
    if not options:
        seconds, orphan = number(query, "gracePeriodSeconds"), truth(query, "orphanDependents")
        options |= {} if seconds is None else {"gracePeriodSeconds": seconds}
        options |= {} if orphan is None else {"orphanDependents": orphan}
        if policy := query.get("propagationPolicy"):
            options["propagationPolicy"] = policy
        if query.get("dryRun"):
            options["dryRun"] = query.getlist("dryRun")
    causes: list[Cause] = []
    policy = options.get("propagationPolicy")
    if policy and options.get("orphanDependents") is not None:
        text = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(invalid_value("propagationPolicy", policy, text))
    if policy and policy not in POLICIES:
        allowed = (*POLICIES[1:], POLICIES[0], "nil")
        causes.append(unsupported("propagationPolicy", policy, allowed))
    if any(choice != "All" for choice in options.get("dryRun") or ()):
        causes.append(unsupported("dryRun", options["dryRun"], ("All",)))
    if causes:
        raise invalid(_DELETE_OPTIONS, "", causes)
    return options


def check_preconditions(resource: Resource, body: Object, options: Object) -> None:
    """Raises StatusError 409 where the object is another one than the options say."""
    wanted, metadata = options.get("preconditions") or {}, body["metadata"]
    for member, name, after in (
        ("uid", "UID", "have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "have been modified"),
    ):
        asked, actual = wanted.get(member), metadata.get(member)
        if asked and asked != actual:
            kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
            text = (
                f'Operation cannot be fulfilled on {kind} "{metadata["name"]}": the {name} in the '
                f"precondition ({asked}) does not match the {name} in record ({actual}). The "
                f"object might {after}"
            )
            group = {"group": resource.group} if resource.group else {}
            details = {"name": metadata["name"], **group, "kind": resource.kind}
            raise StatusError(409, "Conflict", text, details)


def finalizers_after(body: Object, options: Object) -> list[str]:
    """The finalizers of an object that is being deleted, with those that the options ask for."""
    finalizers = list(body["metadata"].get("finalizers") or ())
    wanted = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}
    name = wanted.get(options.get("propagationPolicy", ""))
    if options.get("orphanDependents"):
        name = "orphan"
    return [*finalizers, name] if name and name not in finalizers else finalizers


def grace_seconds(kind: Kind, body: Object, options: Object) -> int:
    """Seconds that an object is given to end: those that are asked for, or its own."""
    own = kind.grace(body)
    asked = options.get("gracePeriodSeconds")
    return 0 if own is None else int(own if asked is None else asked)
