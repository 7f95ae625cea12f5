"""Restarts, hooks, deadlines, images and terminals, seen through the API of a running sandbox."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from kubernetes.client import V1Pod
from kubernetes.stream import stream
from kubernetes.watch import Watch

from irsa_helpers import pods
from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import core_v1

SECONDS = 20
BEGUN = {"exec": {"command": ["sh", "-c", "while ! test -e begun; do :; done"]}}
Make = Callable[..., V1Pod]


def shell(script: str, **more: Any) -> dict[str, Any]:
    return {"name": "app", "image": "busybox", "command": ["sh", "-c", script], **more}


def until(listing: Callable[..., Any], namespace: str, done: Callable[[Any], bool]) -> Any:
    """The first object that passes; a watch brings each change."""
    seen = None
    for event in Watch().stream(listing, namespace, timeout_seconds=SECONDS):
        seen = event["object"]
        if done(seen):
            return seen
    raise AssertionError(f"{SECONDS} s went by; last seen: {seen}")


def first_status(pod: V1Pod) -> Any:
    statuses = pod.status.container_statuses or [None]
    return statuses[0]


def restarted(pod: V1Pod) -> bool:
    status = first_status(pod)
    return bool(status and status.restart_count >= 1 and status.state.running)


def running(pod: V1Pod) -> bool:
    return bool(first_status(pod) and first_status(pod).ready)


@pytest.fixture
def make_pod(world: SandboxWorld, namespace: str) -> Make:
    """Create a Pod and return it as soon as the test of it passes."""
    accounts = core_v1(world).list_namespaced_service_account
    until(accounts, namespace, lambda each: each.metadata.name == "default")

    def make(container: dict[str, Any], done: Callable[[Any], bool] = running, **spec: Any) -> Any:
        whole = {"terminationGracePeriodSeconds": 1, "containers": [container], **spec}
        body = {"metadata": {"name": "p"}, "spec": whole}
        core_v1(world).create_namespaced_pod(namespace, body)
        return until(core_v1(world).list_namespaced_pod, namespace, done)

    return make


@pytest.fixture
def event(world: SandboxWorld, namespace: str) -> Callable[[str], Any]:
    """The Event of a reason, as soon as it is there."""
    listing = core_v1(world).list_namespaced_event
    return lambda reason: until(listing, namespace, lambda each: each.reason == reason)


def test_the_log_of_the_last_run_stays(world: SandboxWorld, namespace: str, make_pod: Make) -> None:
    script = (
        "cd /kept; if test -e x; then echo second; sleep 60; else touch x; echo first; false; fi"
    )
    kept = {"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]}
    make_pod(shell(script, **kept), restarted, volumes=[{"name": "kept", "emptyDir": {}}])
    log = core_v1(world).read_namespaced_pod_log
    assert log("p", namespace, previous=True) == "first\n"
    assert log("p", namespace, follow=True, tail_lines=1, limit_bytes=7) == "second\n"


def test_the_first_restart_is_at_once_and_the_next_backs_off(
    make_pod: Make, event: Callable[[str], Any]
) -> None:
    def backs_off(pod: V1Pod) -> bool:
        status = first_status(pod)
        return bool(status and status.state.waiting and "back-off" in str(status.state.waiting))

    pod = make_pod(shell("exit 3"), backs_off)
    status = first_status(pod)
    assert status.restart_count == 1
    assert status.last_state.terminated.exit_code == 3
    assert status.state.waiting.reason == "CrashLoopBackOff"
    shown = f"p_{pod.metadata.namespace}({pod.metadata.uid})"
    assert status.state.waiting.message == (
        f"back-off 1s restarting failed container=app pod={shown}"
    )
    assert event("BackOff").message == (f"Back-off restarting failed container app in pod {shown}")


def test_a_container_that_does_not_live_is_restarted(
    make_pod: Make, event: Callable[[str], Any]
) -> None:
    probe = {"exec": {"command": ["sh", "-c", "echo ill; false"]}, "periodSeconds": 1}
    make_pod(shell("sleep 60", livenessProbe=probe | {"failureThreshold": 1}), restarted)
    assert event("Unhealthy").message == "Liveness probe failed: ill\n"
    assert event("Killing").message == "Container app failed liveness probe, will be restarted"


def test_a_container_is_not_ready_before_it_has_started(make_pod: Make) -> None:
    script = "test -e tried || { touch tried; false; }"
    probe = {"exec": {"command": ["sh", "-c", script]}, "periodSeconds": 1}
    pod = make_pod(shell("sleep 60", startupProbe=probe))
    assert first_status(pod).started is True


def test_a_sidecar_runs_beside_the_others_and_ends_after_them(make_pod: Make) -> None:
    sidecar = {**shell("sleep 60"), "name": "sidecar", "restartPolicy": "Always"}
    pod = make_pod(
        shell("true"),
        lambda each: each.status.phase == "Succeeded",
        initContainers=[sidecar],
        restartPolicy="Never",
    )
    assert first_status(pod).state.terminated.reason == "Completed"


def test_a_hook_runs_after_the_start(world: SandboxWorld, namespace: str, make_pod: Make) -> None:
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "echo hooked > note"]}}}
    make_pod(shell("while ! test -s note; do sleep 0.05; done; cat note; sleep 60", lifecycle=hook))
    log = core_v1(world).read_namespaced_pod_log
    assert log("p", namespace, follow=True, limit_bytes=7) == "hooked\n"


def test_a_pod_fails_when_its_time_is_over(make_pod: Make) -> None:
    pod = make_pod(
        shell("sleep 60"), lambda each: each.status.phase == "Failed", activeDeadlineSeconds=1
    )
    assert pod.status.reason == "DeadlineExceeded"


def test_a_containers_last_word_is_kept(make_pod: Make) -> None:
    container = shell(
        "echo no bucket > $NOTE; exit 1", env=[{"name": "NOTE", "value": "/dev/note"}]
    )
    container["terminationMessagePath"] = "/dev/note"
    pod = make_pod(container, lambda p: p.status.phase == "Failed", restartPolicy="Never")
    assert first_status(pod).state.terminated.message == "no bucket\n"


@pytest.mark.parametrize(
    ("image", "policy", "reason"),
    [
        ("nginx", "Always", "ImagePullBackOff"),
        ("nginx", "Never", "ErrImageNeverPull"),
        ("Bad Image", "Always", "InvalidImageName"),
    ],
)
def test_an_image_that_cannot_run_says_why(
    make_pod: Make, image: str, policy: str, reason: str
) -> None:
    def refused(pod: V1Pod) -> bool:
        status = first_status(pod)
        return bool(status and status.state.waiting and status.state.waiting.reason == reason)

    container = {"name": "app", "image": image, "imagePullPolicy": policy}
    message = first_status(make_pod(container, refused)).state.waiting.message
    assert image in message


def test_a_terminal_is_the_sessions_own(
    world: SandboxWorld, namespace: str, make_pod: Make
) -> None:
    make_pod(shell("sleep 60"))
    session = stream(
        core_v1(world).connect_get_namespaced_pod_exec,
        "p",
        namespace,
        command=["sh"],
        stdin=True,
        stdout=True,
        stderr=True,
        tty=True,
        _preload_content=False,
    )
    session.write_channel(4, '{"Width": 97, "Height": 31}')
    session.write_stdin("stty size; ps -o tty= -p $$; exit 5\r")
    session.run_forever(timeout=SECONDS)
    shown = session.read_stdout()
    assert "31 97" in shown
    assert "pts/" in shown
    assert "can't access tty" not in shown
    assert session.returncode == 5


def test_what_exec_left_behind_ends_with_the_pod(
    world: SandboxWorld, namespace: str, make_pod: Make
) -> None:
    make_pod(shell("sleep 60"))
    script = "setsid sh -c 'cd /; exec sleep 86398' >/dev/null 2>&1 & echo $!"
    answer = pods.exec_in_pod(world, "p", ["sh", "-c", script], namespace=namespace)
    left = int(answer.stdout)
    assert psutil.pid_exists(left)
    core_v1(world).delete_namespaced_pod("p", namespace)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(left).wait(SECONDS)


def _main_process(home: Path) -> int:
    [noted] = (home / "pods").glob("*/app.pid")
    return int(noted.read_text().split()[0])


def test_pods_survive_the_death_of_the_sandbox_and_their_processes_do_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        state = launch.ensure_sandbox(home)
        world = SandboxWorld(state)
        until(core_v1(world).list_namespaced_service_account, "default", lambda _: True)
        container = shell("sleep 86397 & touch begun; wait", readinessProbe=BEGUN)
        body = {"metadata": {"name": "p"}, "spec": {"containers": [container]}}
        core_v1(world).create_namespaced_pod("default", body)
        until(core_v1(world).list_namespaced_pod, "default", running)
        [child] = psutil.Process(_main_process(home)).children()
        os.kill(state["pid"], signal.SIGKILL)
        psutil.wait_procs([child], timeout=SECONDS)
        assert not child.is_running()

        world = SandboxWorld(launch.ensure_sandbox(home))
        pod = until(core_v1(world).list_namespaced_pod, "default", restarted)
        assert first_status(pod).last_state.terminated.exit_code == 255
    finally:
        launch.stop_sandbox(home)
