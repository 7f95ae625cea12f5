"""A container's own view of the files, and what stands in for it where there can be none."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from irsa_helpers import pods
from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.kubelet.programs import namespaces
from irsa_sandbox.kubelet.programs.namespaces import Mount
from tests.typed import core_v1
from tests.watching import until

TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
SCRIPT = f"print(len(open('{TOKEN}').read().split('.')))"


def allowed() -> bool:
    words = namespaces.own_view([], "/", [sys.executable, "-c", "pass"])
    return sys.platform == "linux" and subprocess.run(words, capture_output=True).returncode == 0


here = pytest.mark.skipif(not allowed(), reason="no mount namespaces on this machine")


def run(mounts: Sequence[Mount], script: str, **options: bool) -> subprocess.CompletedProcess[str]:
    words = namespaces.own_view(mounts, "/srv", ["/bin/sh", "-c", script], **options)
    return subprocess.run(words, capture_output=True, text=True, timeout=20)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("content")
    return tmp_path


@here
@pytest.mark.parametrize(
    "target",
    ["/data", "/etc/aws", "/usr/share/a/b", "/var/run/secrets/x", "/tmp", "/etc/ssl/certs"],
)
def test_a_volume_stands_at_its_own_path_wherever_that_is(volume: Path, target: str) -> None:
    done = run([Mount(str(volume), target)], f"cat {target}/file; echo more > {target}/new; pwd")
    assert done.stdout == "content/srv\n", done.stderr
    assert (volume / "new").read_text() == "more\n"


@here
@pytest.mark.parametrize("place", ["/data/file", "/etc/passwd", "/usr/bin/env", sys.executable])
def test_what_is_only_read_is_not_written(volume: Path, place: str) -> None:
    done = run([Mount(str(volume), "/data", read_only=True)], f"echo x > {place}")
    assert "Read-only file system" in done.stderr
    assert (volume / "file").read_text() == "content"


@here
def test_the_files_of_the_machine_are_out_of_sight(volume: Path) -> None:
    done = run([], f"ls -d {volume} {Path(__file__)}; ls /; touch /home.txt /srv/a && echo made")
    assert done.stderr.count("No such file") == 2
    assert "made" in done.stdout
    assert not Path("/home.txt").exists()
    assert {"etc", "usr", "tmp", "proc"} <= set(done.stdout.split())
    assert ".before" not in done.stdout


@here
def test_a_file_can_be_mounted_on_its_own(volume: Path) -> None:
    done = run(
        [Mount(str(volume / "file"), "/dev/termination-log")], "echo x >/dev/termination-log"
    )
    assert done.returncode == 0, done.stderr
    assert (volume / "file").read_text() == "x\n"


@here
@pytest.mark.parametrize(("as_a_user", "readable"), [(False, True), (True, False)])
def test_a_user_is_bound_by_the_modes_of_files(
    volume: Path, as_a_user: bool, readable: bool
) -> None:
    (volume / "file").chmod(0)
    done = run([Mount(str(volume), "/data")], "cat /data/file", as_a_user=as_a_user)
    assert (done.returncode == 0) == readable
    (volume / "file").chmod(0o600)


@here
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root is others")
def test_who_is_not_root_has_namespaces_too(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("no Python of the system, and ours is root's alone")
    scratch = Path(tempfile.gettempdir())
    for folder in (volume, *volume.parents):
        if folder != scratch and folder.is_relative_to(scratch):
            folder.chmod(0o755)
    system = [place for place in namespaces.machine_places() if place.count("/") == 1]
    monkeypatch.setattr(namespaces, "machine_places", lambda: system)
    words = namespaces.own_view(
        [Mount(str(volume), "/etc/a/b")], "/", ["/bin/cat", "/etc/a/b/file"]
    )
    script = Path(words[3]).read_text()
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    words = [*nobody, str(python), "-I", "-S", "-c", script, *words[4:]]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout == "content", done.stderr


def pod_with_script(world: SandboxWorld, namespace: str) -> None:
    """A Pod whose program, a file of a ConfigMap, opens its token by the path it has on a node."""
    core = core_v1(world)
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "app"}, "data": {"run.py": SCRIPT}}
    )
    mounts = [
        {"name": "app", "mountPath": "/app"},
        {"name": "token", "mountPath": TOKEN.removesuffix("/token")},
    ]
    source = {"serviceAccountToken": {"path": "token", "audience": "sts.amazonaws.com"}}
    volumes = [
        {"name": "app", "configMap": {"name": "app"}},
        {"name": "token", "projected": {"sources": [source]}},
    ]
    container = {"name": "app", "image": "python", "volumeMounts": mounts}
    container |= {"command": ["sh", "-c", "python /app/run.py; sleep 600"]}
    spec = {"containers": [container], "volumes": volumes, "terminationGracePeriodSeconds": 0}
    core.create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": spec})
    until(core.list_namespaced_pod, namespace, lambda _, p: p.status.phase == "Running")


def log_of(world: SandboxWorld, namespace: str) -> str:
    log = core_v1(world).read_namespaced_pod_log
    return str(log("p", namespace, follow=True, limit_bytes=1))


@here
def test_a_mounted_script_finds_the_paths_it_names(world: SandboxWorld, namespace: str) -> None:
    pod_with_script(world, namespace)
    assert log_of(world, namespace) == "3"
    shown = pods.exec_in_pod(
        world, "p", ["sh", "-c", f"pwd; echo ~; cut -d. -f1 {TOKEN}; ls /app"], namespace=namespace
    ).stdout.split()
    assert shown[:2] == ["/", "/root"]
    assert shown[3] == "run.py"


@here
def test_a_container_begins_each_time_with_files_as_the_image_has_them(
    world: SandboxWorld, namespace: str
) -> None:
    script = "test -e /made && echo kept; touch /made; exit 1"
    container = {"name": "app", "image": "busybox", "command": ["sh", "-c", script]}
    core = core_v1(world)
    core.create_namespaced_pod(
        namespace, {"metadata": {"name": "p"}, "spec": {"containers": [container]}}
    )
    again = until(
        core.list_namespaced_pod,
        namespace,
        lambda _, p: p.status.container_statuses and p.status.container_statuses[0].restart_count,
    )
    assert again
    assert core.read_namespaced_pod_log("p", namespace) == ""


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxWorld]:
    """A sandbox on a machine that allows no namespaces."""
    monkeypatch.setenv(namespaces.SWITCH, "off")
    yield SandboxWorld(launch.ensure_sandbox(tmp_path))
    launch.stop_sandbox(tmp_path)


def test_without_a_namespace_an_event_says_what_cannot_work(without: SandboxWorld) -> None:
    pod_with_script(without, "default")
    event = until(
        core_v1(without).list_namespaced_event,
        "default",
        lambda _, each: each.reason == "NoMountNamespace",
    )
    assert event.message.endswith("/app/run.py")
    script = "wc -c < $F; wc -c < " + TOKEN
    sizes = pods.exec_in_pod(without, "p", ["env", f"F={TOKEN}", "sh", "-c", script]).stdout.split()
    assert len(set(sizes)) == 1, "arguments that name a mount path are rewritten"
