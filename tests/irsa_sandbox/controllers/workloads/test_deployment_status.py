"""What a Deployment says of itself while it rolls out, stands, is held or is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from irsa_sandbox.controllers.workloads.deployment_status import (
    seconds_to_deadline,
    share,
    status_of,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def deployment(*, replicas: int = 2, status: dict[str, Any] | None = None, **spec: Any) -> Any:
    return {
        "metadata": {"name": "app", "namespace": "default", "generation": 3},
        "spec": {
            "replicas": replicas,
            "strategy": {"rollingUpdate": {"maxUnavailable": "25%"}},
            "progressDeadlineSeconds": 600,
            **spec,
        },
        "status": status or {},
    }


def replica_set(name: str = "app-new", total: int = 2, available: int = 2, **status: Any) -> Any:
    counted = {"replicas": total, "readyReplicas": available, "availableReplicas": available}
    spec = {"replicas": status.pop("planned", total)}
    return {"metadata": {"name": name}, "spec": spec, "status": counted | status}


def conditions(status: Any) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


@pytest.mark.parametrize(
    ("value", "up", "down"), [(1, 1, 1), ("25%", 1, 0), ("50%", 2, 1), ("100%", 3, 3)]
)
def test_surge_is_rounded_up_and_unavailability_down(value: Any, up: int, down: int) -> None:
    assert (share(value, 3, up=True), share(value, 3, up=False)) == (up, down)


def test_a_complete_rollout_is_available_and_new() -> None:
    new = replica_set()
    status = status_of(deployment(), new, [new], NOW)
    assert conditions(status) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert status["observedGeneration"] == 3
    assert seconds_to_deadline(deployment(), status, NOW) is None


def test_a_replica_that_cannot_be_made_is_unavailable() -> None:
    old, new = replica_set("app-old"), replica_set(total=0, available=0, planned=1)
    status = status_of(deployment(), new, [old, new], NOW)
    assert (status["replicas"], status["availableReplicas"]) == (2, 2)
    assert status["unavailableReplicas"] == 1


def test_a_rollout_that_stands_still_is_late_when_its_time_has_passed() -> None:
    new = replica_set(available=0)
    first = status_of(deployment(), new, [new], NOW)
    assert conditions(first)["Progressing"] == ("True", "NewReplicaSetCreated")
    standing = deployment(status=first)
    before = status_of(standing, new, [new], NOW + timedelta(seconds=599))
    assert conditions(before)["Progressing"][0] == "True"
    assert seconds_to_deadline(standing, before, NOW + timedelta(seconds=599)) == 1
    late = status_of(standing, new, [new], NOW + timedelta(seconds=600))
    assert conditions(late)["Progressing"] == ("False", "ProgressDeadlineExceeded")


def test_a_pod_that_becomes_ready_gives_the_rollout_new_time() -> None:
    none, one = replica_set(available=0), replica_set(available=1)
    status = status_of(deployment(), none, [none], NOW)
    later = NOW + timedelta(seconds=500)
    moved = status_of(deployment(status=status), one, [one], later)
    assert conditions(moved)["Progressing"] == ("True", "ReplicaSetUpdated")
    assert seconds_to_deadline(deployment(), moved, later) == 600


def test_a_pod_that_breaks_later_is_no_new_rollout() -> None:
    whole, broken = replica_set(), replica_set(available=1)
    status = status_of(deployment(), whole, [whole], NOW)
    after = status_of(deployment(status=status), broken, [broken], NOW)
    assert conditions(after)["Progressing"] == ("True", "NewReplicaSetAvailable")
    assert conditions(after)["Available"] == ("False", "MinimumReplicasUnavailable")


def test_a_held_deployment_says_so() -> None:
    new = replica_set()
    status = status_of(deployment(paused=True), new, [new], NOW)
    assert conditions(status)["Progressing"] == ("Unknown", "DeploymentPaused")
    assert seconds_to_deadline(deployment(), status, NOW) is None


def test_a_replica_set_that_cannot_make_pods_is_a_failure() -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "m"}
    new = replica_set(total=0, available=0, conditions=[failure])
    status = status_of(deployment(), new, [new], NOW)
    assert conditions(status)["ReplicaFailure"] == ("True", "FailedCreate")


def test_a_condition_keeps_its_times_while_nothing_changes() -> None:
    new = replica_set()
    first = status_of(deployment(), new, [new], NOW)
    again = status_of(deployment(status=first), new, [new], NOW + timedelta(hours=1))
    assert again == first
