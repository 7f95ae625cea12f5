"""The status of a Deployment: replicas, availability, progress and its deadline.

Source: Kubernetes documentation, "Deployments: Deployment status".
"""

from __future__ import annotations

import math
from datetime import datetime

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiclient import Object

LONGEST_DEADLINE_SECONDS = 2**31 - 1
Said = tuple[str, str, str]  # status, reason, message


def share(value: int | str, total: int, *, up: bool) -> int:
    """A number, or a percentage of the replicas: surge is rounded up, unavailability down."""
    if isinstance(value, int):
        return value
    exact = total * int(value.rstrip("%")) / 100
    return math.ceil(exact) if up else math.floor(exact)


def status_of(
    deployment: Object, current: Object | None, owned: list[Object], now: datetime
) -> Object:
    """The `status` from the ReplicaSets; `current` is that of the present template."""
    available = counted("availableReplicas", owned)
    status: Object = {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        "replicas": counted("replicas", owned),
        "updatedReplicas": counted("replicas", [current] if current else []),
        "readyReplicas": counted("readyReplicas", owned),
        "availableReplicas": available,
        "unavailableReplicas": max(0, planned(owned) - available),
        "terminatingReplicas": counted("terminatingReplicas", owned),
    }
    conditions = {"Available": _availability(deployment, available)}
    if progress := _progress(deployment, current, status, now):
        conditions["Progressing"] = progress
    for condition in (current or {}).get("status", {}).get("conditions") or ():
        failure = (condition["status"], condition["reason"], condition["message"])
        conditions["ReplicaFailure"] = failure
    status["conditions"] = [
        _condition(deployment, kind, said, now, moves=_has_moved(deployment, status))
        for kind, said in conditions.items()
    ]
    return status


def is_complete(deployment: Object, status: Object) -> bool:
    """Whether all replicas that are wanted are new and available, and no old one is left."""
    counted = {status[name] for name in ("replicas", "updatedReplicas", "availableReplicas")}
    return counted == {deployment["spec"]["replicas"]}


def seconds_to_deadline(deployment: Object, status: Object, now: datetime) -> float | None:
    """When to look again whether the rollout is late; None where it cannot be."""
    limit = deployment["spec"].get("progressDeadlineSeconds", LONGEST_DEADLINE_SECONDS)
    progress = next((c for c in status["conditions"] if c["type"] == "Progressing"), None)
    waits = progress and progress["reason"] not in {"NewReplicaSetAvailable", "DeploymentPaused"}
    if not progress or not waits or progress["status"] == "False":
        return None
    if limit >= LONGEST_DEADLINE_SECONDS:
        return None
    return float(limit) - _age(progress, now)


def planned(sets: list[Object]) -> int:
    """How many Pods the ReplicaSets should have together, made or not."""
    return sum(replica_set["spec"]["replicas"] for replica_set in sets)


def counted(member: str, sets: list[Object]) -> int:
    """How many Pods of a kind, such as `readyReplicas`, the ReplicaSets tell of together."""
    return sum(replica_set.get("status", {}).get(member, 0) for replica_set in sets)


def _availability(deployment: Object, available: int) -> Said:
    wanted = deployment["spec"]["replicas"]
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    if available >= wanted - share(rolling.get("maxUnavailable", "25%"), wanted, up=False):
        return "True", "MinimumReplicasAvailable", "Deployment has minimum availability."
    text = "Deployment does not have minimum availability."
    return "False", "MinimumReplicasUnavailable", text


def _progress(
    deployment: Object, current: Object | None, status: Object, now: datetime
) -> Said | None:
    """How the rollout goes; None before there is anything to say."""
    old = _old(deployment, "Progressing")
    if deployment["spec"].get("paused"):
        return "Unknown", "DeploymentPaused", "Deployment is paused"
    if current is None:
        return None
    name = current["metadata"]["name"]
    done = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    same = old is not None and f'"{name}"' in old["message"]
    if is_complete(deployment, status):
        return done
    if old is None or not same:
        return "True", "NewReplicaSetCreated", f'Created new replica set "{name}"'
    all_updated = status["updatedReplicas"] == status["replicas"]
    if old["reason"] == "NewReplicaSetAvailable" and all_updated:
        return done
    if _has_moved(deployment, status):
        return "True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'
    limit = deployment["spec"].get("progressDeadlineSeconds", LONGEST_DEADLINE_SECONDS)
    if _age(old, now) >= limit:
        text = f'ReplicaSet "{name}" has timed out progressing.'
        return "False", "ProgressDeadlineExceeded", text
    return old["status"], old["reason"], old["message"]


def _has_moved(deployment: Object, status: Object) -> bool:
    """Whether more replicas are new, ready or available than before, or fewer are old."""
    before = deployment.get("status") or {}

    def grown(member: str) -> bool:
        return bool(status[member] > before.get(member, 0))

    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    fewer_old = status["replicas"] - status["updatedReplicas"] < old_before
    return fewer_old or any(map(grown, ("updatedReplicas", "readyReplicas", "availableReplicas")))


def _old(deployment: Object, kind: str) -> Object | None:
    conditions = deployment.get("status", {}).get("conditions") or ()
    return next((condition for condition in conditions if condition["type"] == kind), None)


def _age(condition: Object, now: datetime) -> float:
    return (now - datetime.fromisoformat(condition["lastUpdateTime"])).total_seconds()


def _condition(deployment: Object, kind: str, said: Said, now: datetime, *, moves: bool) -> Object:
    """The condition, with its old times as long as it says the same and nothing moves."""
    status, reason, message = said
    at = stamp(now)
    old = _old(deployment, kind) or {}
    same = (old.get("status"), old.get("reason")) == (status, reason)
    keeps = same and not (kind == "Progressing" and moves)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": old["lastUpdateTime"] if keeps else at,
        "lastTransitionTime": old["lastTransitionTime"] if old.get("status") == status else at,
    }
