"""What kubectl does over time or over a stream: watch, follow, edit, copy, a terminal."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers.worlds import environment

TICKING = 'i=0; while [ $i -lt 50 ]; do echo "tick $i"; i=$((i+1)); sleep 0.1; done; sleep 600'
WEBHOOK = ("mutatingwebhookconfiguration", "pod-identity-webhook")


@pytest.fixture
def variables(sandbox: dict[str, Any]) -> dict[str, str]:
    """The environment of a shell with the sandbox."""
    return environment.process_environment(sandbox)


@pytest.fixture
def pod(kubectl: Any) -> str:
    """A Pod that prints and waits."""
    kubectl(
        "run", "p", "--image=busybox", "--grace-period=0", "--command", "--", "sh", "-c", TICKING
    )
    kubectl("wait", "pod/p", "--for=condition=Ready", "--timeout=20s")
    return "p"


@pytest.fixture
def started(namespace: str, variables: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """A kubectl that goes on running: `started("get", "pods", "-w")`."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = ["kubectl", "-n", namespace, *words]
        found = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)
        running.append(found)
        return found

    yield start
    for each in running:
        each.kill()
        each.communicate()


def test_get_watches(kubectl: Any, started: Callable[..., Any]) -> None:
    watching = started("get", "configmaps", "-w", "-o", "name")
    assert watching.stdout.readline() == "configmap/kube-root-ca.crt\n"
    kubectl("create", "configmap", "new")
    assert watching.stdout.readline() == "configmap/new\n"


def test_logs_are_followed(pod: str, started: Callable[..., Any]) -> None:
    following = started("logs", "-f", pod)
    lines = [following.stdout.readline() for _ in range(8)]
    assert lines == [f"tick {number}\n" for number in range(8)]


def test_an_object_is_edited(
    kubectl: Any, namespace: str, variables: dict[str, str], tmp_path: Path
) -> None:
    kubectl("create", "configmap", "c", "--from-literal=a=before")
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/before/after/ "$1"\n')
    editor.chmod(0o755)
    command = ["kubectl", "-n", namespace, "edit", "configmap", "c"]
    chosen = variables | {"KUBE_EDITOR": str(editor)}
    done = subprocess.run(command, env=chosen, capture_output=True, text=True, check=True)
    assert done.stdout == "configmap/c edited\n"
    assert kubectl("get", "cm", "c", "-o", "jsonpath={.data.a}").stdout == "after"


def test_a_file_is_copied_into_a_volume(kubectl: Any, tmp_path: Path) -> None:
    spec = (
        '{"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"p","image":'
        '"busybox","command":["sleep","600"],"volumeMounts":[{"name":"v","mountPath":"/data"}]}]}}'
    )
    kubectl("run", "p", "--image=busybox", f"--overrides={spec}")
    kubectl("wait", "pod/p", "--for=condition=Ready", "--timeout=20s")
    (tmp_path / "there").write_text("carried")
    kubectl("cp", str(tmp_path / "there"), "p:/data/there")
    assert kubectl("exec", "p", "--", "cat", "/data/there").stdout == "carried"


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_exec_gives_a_terminal(pod: str, namespace: str, variables: dict[str, str]) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = ["kubectl", "-n", namespace, "exec", "-it", pod, "--", "sh"]
    shell = subprocess.Popen(command, env=variables, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, b"test -t 1 && echo a-terminal-$((40 + 2)); exit 5\n")
    printed, end = b"", time.monotonic() + 20
    while b"a-terminal-42" not in printed and time.monotonic() < end:
        printed += os.read(ours, 1024)
    assert shell.wait(20) == 5
    os.close(ours)


@pytest.fixture
def webhook_put_back(shell: Any, tmp_path: Path) -> Iterator[None]:
    """Whatever a test does to the webhook's registration is undone."""
    saved = tmp_path / "webhook.yaml"
    saved.write_text(shell("kubectl", "get", *WEBHOOK, "-o", "yaml").stdout)
    yield
    shell("kubectl", "delete", *WEBHOOK, "--ignore-not-found")
    shell("kubectl", "create", "-f", str(saved))


@pytest.mark.usefixtures("webhook_put_back")
def test_without_the_webhook_a_pod_gets_nothing(kubectl: Any, shell: Any) -> None:
    arn = "eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/r"
    kubectl("annotate", "sa", "default", arn)
    env = ("-o", "jsonpath={.spec.containers[0].env[*].name}")
    run = ("run", "--image=busybox", "--dry-run=server")
    assert "AWS_ROLE_ARN" in kubectl(*run, "with", *env).stdout
    shell("kubectl", "delete", *WEBHOOK)
    assert kubectl(*run, "without", *env).stdout == ""


@pytest.mark.usefixtures("webhook_put_back")
@pytest.mark.parametrize("policy", ["Ignore", "Fail"])
def test_an_unreachable_webhook_fails_as_its_policy_says(
    kubectl: Any, shell: Any, policy: str
) -> None:
    patch = (
        '[{"op":"replace","path":"/webhooks/0/clientConfig/url","value":"https://127.0.0.1:9/m"},'
        f'{{"op":"replace","path":"/webhooks/0/failurePolicy","value":"{policy}"}}]'
    )
    shell("kubectl", "patch", *WEBHOOK, "--type=json", "-p", patch)
    made = kubectl("run", "p", "--image=busybox", check=False)
    assert made.returncode == (policy == "Fail")
    if policy == "Fail":
        assert 'failed calling webhook "iam-for-pods.amazonaws.com"' in made.stderr


def test_a_pod_is_run_in_the_foreground(kubectl: Any) -> None:
    words = ("run", "shell", "-i", "--rm", "--restart=Never", "--image=busybox", "--", "sh")
    said = kubectl(*words, input="echo in a Pod; exit 3\n", check=False)
    assert said.stdout.startswith("in a Pod\n")
    assert said.returncode == 3
    assert "terminated (Error)" in said.stderr


def test_a_running_container_is_attached_to(pod: str, started: Callable[..., Any]) -> None:
    attached = started("attach", pod)
    assert attached.stdout.readline().startswith("tick ")


def test_what_does_not_run_cannot_be_reached(kubectl: Any) -> None:
    kubectl("run", "none", "--image=nginx")
    kubectl("wait", "pod/none", "--for=condition=PodScheduled", "--timeout=20s")
    for words, why in (
        (("exec", "none", "--", "true"), 'container not found ("none")'),
        (("attach", "none"), "container none not found in pod none_"),
    ):
        refused = kubectl(*words, check=False)
        assert refused.returncode == 1
        assert f"error: unable to upgrade connection: {why}" in refused.stderr


def test_a_pod_is_debugged_in_a_copy(kubectl: Any, pod: str) -> None:
    refused = kubectl("debug", pod, "--image=busybox", "--", "true", check=False)
    assert refused.returncode == 1
    assert "ephemeral containers are disabled for this cluster" in refused.stderr
    assert "kubectl debug --copy-to" in refused.stderr
    kubectl("debug", pod, "--image=busybox", "--copy-to=copy", "-c", "tool", "--", "sleep", "600")
    kubectl("wait", "pod/copy", "--for=condition=Ready", "--timeout=20s")
    assert kubectl("exec", "copy", "-c", "tool", "--", "echo", "here").stdout == "here\n"
