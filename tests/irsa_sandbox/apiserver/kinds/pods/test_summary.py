"""`kubectl get pods` says of a Pod what it says on a real cluster: printPod's own cases."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_sandbox.apiserver.kinds.pods.summary import PodSummary

RUNS = {"running": {"startedAt": "2026-11-24T12:00:00Z"}}
DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}
FAILED = {"terminated": {"exitCode": 1, "reason": "Error"}}
CRASHED = {"terminated": {"finishedAt": "2026-11-24T12:00:00Z"}}
TRUE = {"status": "True"}


def waits(reason: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason}}


def status(name: str, state: dict[str, Any], *, up: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": state, "ready": up, "started": up, "restartCount": 0, **more}


def row(
    init: list[dict[str, Any]],
    main: list[dict[str, Any]],
    *,
    sidecars: tuple[str, ...] = (),
    deleted: bool = False,
    **known: Any,
) -> list[Any]:
    inits = [
        {"name": each["name"]} | ({"restartPolicy": "Always"} if each["name"] in sidecars else {})
        for each in init
    ]
    body = {
        "metadata": {"name": "p"} | ({"deletionTimestamp": "now"} if deleted else {}),
        "spec": {"containers": main, "initContainers": inits},
        "status": {"initContainerStatuses": init, "containerStatuses": main, **known},
    }
    found = PodSummary(body)
    return [f"{found.ready}/{found.total}", found.reason, found.restarts, found.last_restart]


@pytest.mark.parametrize(
    ("init", "main", "more", "expected"),
    [
        ([], [status("a", RUNS, up=True)], {"phase": "Running"}, ["1/1", "Running", 0, ""]),
        ([], [status("a", DONE)], {"phase": "Succeeded"}, ["0/1", "Completed", 0, ""]),
        ([], [status("a", waits("ErrImagePull"))], {}, ["0/1", "ErrImagePull", 0, ""]),
        (
            [],
            [status("a", waits("CrashLoopBackOff"), restartCount=3, lastState=CRASHED)],
            {},
            ["0/1", "CrashLoopBackOff", 3, "2026-11-24T12:00:00Z"],
        ),
        (
            [],
            [status("a", RUNS, up=True), status("b", DONE)],
            {"conditions": [{"type": "Ready", "status": "False"}]},
            ["1/2", "NotReady", 0, ""],
        ),
        (
            [status("i", DONE), status("j", RUNS)],
            [status("a", waits("PodInitializing"))],
            {"phase": "Pending"},
            ["0/1", "Init:1/2", 0, ""],
        ),
        (
            [status("i", FAILED)],
            [status("a", {})],
            {"phase": "Failed"},
            ["0/1", "Init:Error", 0, ""],
        ),
        (
            [status("i", waits("CrashLoopBackOff"), restartCount=2)],
            [status("a", waits("PodInitializing"))],
            {"phase": "Pending"},
            ["0/1", "Init:CrashLoopBackOff", 2, ""],
        ),
        (
            [status("i", RUNS, up=True), status("k", DONE, restartCount=9)],
            [status("a", RUNS, up=True)],
            {
                "phase": "Running",
                "sidecars": ("i",),
                "conditions": [TRUE | {"type": "Initialized"}],
            },
            ["2/2", "Running", 0, ""],
        ),
        (
            [],
            [status("a", {})],
            {"phase": "Pending", "conditions": [{"type": "x", "reason": "SchedulingGated"}]},
            ["0/1", "SchedulingGated", 0, ""],
        ),
        (
            [],
            [status("a", RUNS)],
            {"phase": "Running", "deleted": True},
            ["0/1", "Terminating", 0, ""],
        ),
        (
            [],
            [status("a", DONE)],
            {"phase": "Succeeded", "deleted": True},
            ["0/1", "Completed", 0, ""],
        ),
        (
            [],
            [status("a", {})],
            {"phase": "Failed", "reason": "Evicted"},
            ["0/1", "Evicted", 0, ""],
        ),
    ],
)
def test_ready_status_and_restarts(
    init: list[dict[str, Any]],
    main: list[dict[str, Any]],
    more: dict[str, Any],
    expected: list[Any],
) -> None:
    assert row(init, main, **more) == expected
