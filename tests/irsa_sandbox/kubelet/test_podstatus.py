"""The conditions of a Pod follow its containers, and keep their times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.podstatus import PodStatus
from irsa_sandbox.kubelet.programs.environment import Paths

EARLY, LATE = "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z"


def container(name: str, *, ready: bool = False, init: bool = False) -> Container:
    spec = {"name": name, "image": "busybox"}
    return Container(spec, Path("/nowhere"), Paths({}), init, ready=ready, started=ready)


def conditions(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each.get("reason", "")) for each in body["conditions"]}


def test_a_pod_is_ready_when_all_its_containers_are() -> None:
    status = PodStatus(EARLY, "127.0.0.1", phase="Running", has_volumes=True)
    one, other = container("app", ready=True), container("sidecar")
    body = status.body([], [one, other], EARLY)
    assert conditions(body)["Ready"] == ("False", "ContainersNotReady")
    ready = next(each for each in body["conditions"] if each["type"] == "Ready")
    assert ready["message"] == "containers with unready status: [sidecar]"
    other.ready = True
    assert conditions(status.body([], [one, other], EARLY))["Ready"] == ("True", "")


def test_a_pod_whose_init_container_runs_is_not_initialized() -> None:
    status = PodStatus(EARLY, "127.0.0.1")
    body = status.body([container("init", init=True)], [container("app")], EARLY)
    assert conditions(body)["Initialized"] == ("False", "ContainersNotInitialized")
    assert body["initContainerStatuses"][0]["name"] == "init"


@pytest.mark.parametrize(
    ("phase", "reason"), [("Succeeded", "PodCompleted"), ("Failed", "PodFailed")]
)
def test_a_pod_that_has_ended_is_not_ready_and_says_why(phase: str, reason: str) -> None:
    body = PodStatus(EARLY, "127.0.0.1", phase=phase).body([], [container("app")], EARLY)
    assert conditions(body)["Ready"] == ("False", reason)


def test_a_condition_keeps_its_time_until_it_changes() -> None:
    status = PodStatus(EARLY, "127.0.0.1", phase="Running", has_volumes=True)
    app = container("app", ready=True)
    status.body([], [app], EARLY)
    app.ready = False
    times = {
        each["type"]: each["lastTransitionTime"]
        for each in status.body([], [app], LATE)["conditions"]
    }
    assert times["Ready"] == times["ContainersReady"] == LATE
    assert times["PodScheduled"] == times["Initialized"] == EARLY


def test_a_container_that_ran_before_a_restart_of_the_node_was_lost(tmp_path: Path) -> None:
    spec = {"name": "app", "image": "busybox"}
    again = Container(spec, tmp_path, Paths({}))
    again.recover({"restartCount": 2, "state": {"running": {"startedAt": EARLY}}}, LATE)
    assert again.restarts == 2
    assert again.terminated is not None
    lost = {name: again.terminated[name] for name in ("exitCode", "reason", "finishedAt")}
    assert lost == {"exitCode": 255, "reason": "Unknown", "finishedAt": LATE}


@pytest.mark.parametrize(
    ("state", "last_state", "phase"),
    [
        ({"waiting": {"reason": "ErrImagePull"}}, {}, "Pending"),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, {"terminated": {"exitCode": 1}}, "Running"),
        ({"running": {}}, {}, "Running"),
    ],
)
def test_a_pod_is_pending_until_each_container_has_run(
    state: dict[str, Any], last_state: dict[str, Any], phase: str
) -> None:
    app = container("app")
    app.state, app.last_state = state, last_state
    assert PodStatus(EARLY, "127.0.0.1", phase="Running").body([], [app], EARLY)["phase"] == phase


def test_an_init_container_that_runs_does_not_let_the_next_start() -> None:
    init = container("init", init=True, ready=False)
    init.state, init.started = {"running": {"startedAt": EARLY}}, True
    body = PodStatus(EARLY, "127.0.0.1").body([init], [container("app")], EARLY)
    assert conditions(body)["Initialized"] == ("False", "ContainersNotInitialized")
    init.spec["restartPolicy"] = "Always"
    body = PodStatus(EARLY, "127.0.0.1").body([init], [container("app")], EARLY)
    assert conditions(body)["Initialized"] == ("True", "")


def test_a_pod_that_has_completed_has_no_sandbox_any_more() -> None:
    status = PodStatus(EARLY, "127.0.0.1", phase="Succeeded", has_volumes=True)
    shown = conditions(status.body([], [container("app")], EARLY))
    assert shown["PodReadyToStartContainers"] == ("False", "")
    assert shown["Initialized"] == ("True", "PodCompleted")
