"""Pods as processes: volumes, restarts, probes, several containers, the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kubernetes.client import ApiException, V1Pod
from kubernetes.watch import Watch

from irsa_helpers import pods
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.process.frame import NO_WAY_OUT
from tests.typed import core_v1

Made = Callable[..., V1Pod]


def settled(world: SandboxWorld, pod: V1Pod, done: Callable[[Any], bool]) -> V1Pod:
    """The Pod as soon as the test of its status holds; a watch brings each change."""
    core, metadata = core_v1(world), pod.metadata
    stream = Watch().stream(
        core.list_namespaced_pod,
        metadata.namespace,
        field_selector=f"metadata.name={metadata.name}",
        timeout_seconds=20,
    )
    seen = None
    for event in stream:
        seen = event["object"].status
        if done(event["object"]):
            found: V1Pod = event["object"]
            return found
    raise AssertionError(f"20 s went by; last status: {seen}")


def running(pod: V1Pod) -> bool:
    statuses = pod.status.container_statuses or []
    return bool(statuses) and all(each.ready for each in statuses)


@pytest.fixture
def make_pod(world: SandboxWorld, namespace: str) -> Made:
    """Create a Pod of containers and other fields of its spec."""

    def make(*containers: dict[str, Any], **spec: Any) -> V1Pod:
        body = {
            "metadata": {"generateName": "p-", "namespace": namespace},
            "spec": {"containers": list(containers), "terminationGracePeriodSeconds": 1, **spec},
        }
        made: V1Pod = core_v1(world).create_namespaced_pod(namespace, body)
        return made

    return make


def shell(name: str, script: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "busybox", "command": ["sh", "-c", script], **more}


def output(world: SandboxWorld, pod: V1Pod, script: str, container: str | None = None) -> str:
    answer = pods.exec_in_pod(
        world,
        pod.metadata.name,
        ["sh", "-c", script],
        namespace=pod.metadata.namespace,
        container=container,
    )
    assert answer.exit_code == 0, answer.stderr
    return answer.stdout


def test_nothing_of_the_host_leaks_into_a_container(
    world: SandboxWorld, make_pod: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = settled(world, make_pod(shell("app", "sleep 60")), running)
    names = {line.partition("=")[0] for line in output(world, pod, "env").splitlines()}
    allowed = {"PATH", "HOME", "LANG", "PWD", "OLDPWD", "SHLVL", "_", "AWS_ENDPOINT_URL"}
    allowed |= {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "HOSTNAME"}
    allowed |= {*NO_WAY_OUT, "IRSA_LAB_POD_MARK"}
    assert {n for n in names if not n.startswith("KUBERNETES_")} <= allowed


def test_config_maps_and_secrets_are_files_and_variables(
    world: SandboxWorld, make_pod: Made, namespace: str
) -> None:
    core = core_v1(world)
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "settings"}, "data": {"colour": "blue"}}
    )
    core.create_namespaced_secret(
        namespace, {"metadata": {"name": "hidden"}, "data": {"key": "czNjcjN0"}}
    )
    container = shell(
        "app",
        "sleep 60",
        envFrom=[{"configMapRef": {"name": "settings"}, "prefix": "THE_"}],
        env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "key"}}}],
        volumeMounts=[
            {"name": "settings", "mountPath": "/etc/settings"},
            {"name": "hidden", "mountPath": "/etc/hidden"},
        ],
    )
    volumes = [
        {"name": "settings", "configMap": {"name": "settings"}},
        {"name": "hidden", "secret": {"secretName": "hidden"}},
    ]
    pod = settled(world, make_pod(container, volumes=volumes), running)
    assert output(world, pod, "echo $THE_colour $KEY") == "blue s3cr3t\n"
    assert output(world, pod, "cat /etc/settings/colour /etc/hidden/key") == "blues3cr3t"


def test_init_containers_run_first_and_share_a_volume(world: SandboxWorld, make_pod: Made) -> None:
    mounts = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    pod = make_pod(
        shell("app", "cat /shared/note; sleep 60", **mounts),
        shell("sidecar", "sleep 60", **mounts),
        initContainers=[shell("init", "echo from init > /shared/note", **mounts)],
        volumes=[{"name": "shared", "emptyDir": {}}],
    )
    settled(world, pod, running)
    read = pods.exec_in_pod(
        world,
        pod.metadata.name,
        ["cat", "/shared/note"],
        namespace=pod.metadata.namespace,
        container="sidecar",
    )
    assert read.stdout == "from init\n"


def test_a_container_that_fails_backs_off(world: SandboxWorld, make_pod: Made) -> None:
    def backing_off(pod: V1Pod) -> bool:
        [status] = pod.status.container_statuses or [None]
        waiting = status and status.state.waiting
        return bool(waiting and waiting.reason == "CrashLoopBackOff")

    pod = settled(world, make_pod(shell("app", "echo once; exit 3")), backing_off)
    [status] = pod.status.container_statuses
    assert status.restart_count >= 1
    assert status.last_state.terminated.exit_code == 3


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (1, "Failed")])
def test_a_pod_that_never_restarts_ends(
    world: SandboxWorld, make_pod: Made, code: int, phase: str
) -> None:
    pod = make_pod(shell("app", f"exit {code}"), restartPolicy="Never")
    settled(world, pod, lambda each: each.status.phase == phase)


def test_a_program_that_is_not_there_is_a_start_error(world: SandboxWorld, make_pod: Made) -> None:
    container = {"name": "app", "image": "busybox", "command": ["no-such-program"]}
    pod = make_pod(container, restartPolicy="Never")
    pod = settled(world, pod, lambda each: each.status.phase == "Failed")
    [status] = pod.status.container_statuses
    assert status.state.terminated.reason == "StartError"
    assert "no-such-program" in status.state.terminated.message


def test_readiness_follows_the_probe(world: SandboxWorld, make_pod: Made) -> None:
    probe = {"exec": {"command": ["sh", "-c", "test -e $HOME/ready"]}, "periodSeconds": 1}
    pod = make_pod(shell("app", "touch $HOME/ready; sleep 60", readinessProbe=probe))
    settled(world, pod, running)


def test_the_token_file_is_private_and_fs_group_opens_it(
    world: SandboxWorld, make_pod: Made
) -> None:
    token = {"serviceAccountToken": {"audience": "sts.amazonaws.com", "path": "token"}}
    parts: dict[str, Any] = {
        "volumes": [{"name": "t", "projected": {"sources": [token]}}],
    }
    container = shell("app", "sleep 60", volumeMounts=[{"name": "t", "mountPath": "/t"}])
    for context, mode in (({}, "600"), ({"fsGroup": 2000}, "640")):
        pod = settled(world, make_pod(container, securityContext=context, **parts), running)
        assert output(world, pod, "stat -c %a /t/token").strip() == mode


def test_a_deleted_pod_gets_its_grace_and_goes(world: SandboxWorld, make_pod: Made) -> None:
    pod = settled(world, make_pod(shell("app", "trap 'exit 0' TERM; sleep 60 & wait")), running)
    core_v1(world).delete_namespaced_pod(pod.metadata.name, pod.metadata.namespace)
    stream = Watch().stream(
        core_v1(world).list_namespaced_pod, pod.metadata.namespace, timeout_seconds=10
    )
    assert any(each["type"] == "DELETED" for each in stream)


def test_a_pod_of_a_missing_service_account_is_forbidden(make_pod: Made) -> None:
    with pytest.raises(ApiException) as refused:
        make_pod(shell("app", "true"), serviceAccountName="nobody")
    assert refused.value.status == 403
    assert 'serviceaccount \\"nobody\\" not found' in refused.value.body


def events_of(world: SandboxWorld, pod: V1Pod, reason: str) -> list[str]:
    """The messages of a Pod's Events of that reason, as soon as there is one."""
    core, metadata = core_v1(world), pod.metadata
    stream = Watch().stream(
        core.list_namespaced_event,
        metadata.namespace,
        field_selector=f"involvedObject.uid={metadata.uid},reason={reason}",
        timeout_seconds=20,
    )
    return [next(iter(stream))["object"].message]


def reason_of(pod: V1Pod) -> str:
    state = (pod.status.container_statuses or [None])[0]
    waiting = state.state.waiting if state else None
    return waiting.reason if waiting else ""


@pytest.mark.parametrize("path", [".", "x" * 300, "a\0b"])
def test_an_item_that_is_no_file_name_is_an_event_of_the_pod(
    world: SandboxWorld, make_pod: Made, namespace: str, path: str
) -> None:
    body = {"metadata": {"name": "settings"}, "data": {"colour": "blue"}}
    core_v1(world).create_namespaced_config_map(namespace, body)
    source = {"name": "settings", "items": [{"key": "colour", "path": path}]}
    pod = make_pod(shell("app", "sleep 60"), volumes=[{"name": "v", "configMap": source}])
    [message] = events_of(world, pod, "FailedMount")
    assert message.startswith('MountVolume.SetUp failed for volume "v" : ')


@pytest.mark.parametrize(
    "container",
    [
        {"command": ["sh", "-c", "sleep 60 \0"]},
        {"env": [{"name": "A", "value": "a\0b"}]},
        {"workingDir": "a\0b"},
    ],
)
def test_a_nul_that_no_process_takes_is_an_error_of_the_start(
    world: SandboxWorld, make_pod: Made, container: dict[str, Any]
) -> None:
    pod = make_pod(shell("app", "sleep 60", **{"command": ["sleep", "60"]} | container))
    settled(world, pod, lambda each: reason_of(each) in {"RunContainerError", "CrashLoopBackOff"})
    assert "embedded null byte" in events_of(world, pod, "Failed")[0]


@pytest.mark.parametrize(
    "wanted",
    [
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "raw", "key": "key"}}}]},
        {"envFrom": [{"secretRef": {"name": "raw"}}]},
    ],
)
def test_a_secret_that_is_no_text_is_no_variable(
    world: SandboxWorld, make_pod: Made, namespace: str, wanted: dict[str, Any]
) -> None:
    body = {"metadata": {"name": "raw"}, "data": {"key": "/w=="}}
    core_v1(world).create_namespaced_secret(namespace, body)
    pod = make_pod(shell("app", "sleep 60", **wanted))
    settled(world, pod, lambda each: reason_of(each) == "CreateContainerError")
    assert "string field contains invalid UTF-8" in events_of(world, pod, "Failed")[0]


def test_a_host_path_with_a_nul_is_an_event_of_the_pod(world: SandboxWorld, make_pod: Made) -> None:
    volume = {"name": "v", "hostPath": {"path": "/tmp/a\0b"}}
    pod = make_pod(shell("app", "sleep 60"), volumes=[volume])
    [message] = events_of(world, pod, "FailedMount")
    assert "embedded null byte" in message


def test_a_volume_at_tmp_leaves_the_nodes_own_paths_alone(
    world: SandboxWorld, make_pod: Made
) -> None:
    """The sandbox of these tests may itself be below /tmp."""
    hardened = {"readOnlyRootFilesystem": True}
    mount = {"name": "tmp", "mountPath": "/tmp"}
    script = "import json; open('/tmp/said', 'w').write('here'); input()"
    container = {"name": "app", "image": "python", "command": ["python", "-c", script]}
    container |= {"securityContext": hardened, "volumeMounts": [mount], "stdin": True}
    pod = make_pod(container, volumes=[{"name": "tmp", "emptyDir": {}}])
    settled(world, pod, running)
    assert (
        output(world, pod, "until test -s /tmp/said; do sleep 0.05; done; cat /tmp/said") == "here"
    )
