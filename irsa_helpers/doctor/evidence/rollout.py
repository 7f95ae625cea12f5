"""Where a rollout stands, and whether a Pod is still there."""

from __future__ import annotations

from typing import Any


def has_no_new_pod_yet(workload: dict[str, Any]) -> bool:
    """Whether a workload's newest template has led neither to a Pod nor to a refusal so far."""
    spec, status = workload.get("spec", {}), workload.get("status", {})
    if spec.get("paused") or spec.get("replicas") == 0:
        return False
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0):
        return True
    if spec.get("updateStrategy", {}).get("type") == "OnDelete":
        return False
    if "desiredNumberScheduled" in status:
        wanted, updated = status["desiredNumberScheduled"], status.get("updatedNumberScheduled")
        return bool(wanted and not updated)
    conditions = status.get("conditions", [])
    refused = any(c["type"] == "ReplicaFailure" and c["status"] == "True" for c in conditions)
    return not status.get("updatedReplicas") and not refused


def lives(pod: dict[str, Any]) -> bool:
    ended = pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    return not ended and "deletionTimestamp" not in pod["metadata"]
