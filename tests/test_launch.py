"""The sandbox starts once, survives a kill, and keeps out of another's way."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from irsa_helpers import launch, state
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.world_sandbox import SandboxWorld
from tests.typed import core_v1


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    launch.stop_sandbox(tmp_path / "home")


def test_starting_twice_gives_the_same_sandbox(home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(launch.ensure_sandbox, [home, home])
    assert first["pid"] == second["pid"] == launch.ensure_sandbox(home)["pid"]


def test_a_path_that_shells_would_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IrsaLabError, match="there is a blank in the path"):
        launch.ensure_sandbox(tmp_path / "my kit")
    assert not (tmp_path / "my kit").exists()


def test_files_with_secrets_are_private(home: Path) -> None:
    launch.ensure_sandbox(home)
    named = ["state.json", "kubeconfig", "identity.json"]
    secret = [*named, *home.glob("kubernetes.sqlite3*"), *home.glob("keys/**/*.key")]
    modes = {str(name): stat.S_IMODE((home / name).stat().st_mode) for name in secret}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_what_was_made_outlives_a_kill(home: Path) -> None:
    before = launch.ensure_sandbox(home)
    world = SandboxWorld(before)
    world.aws("s3").create_bucket(
        Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    core_v1(world).create_namespaced_config_map("default", {"metadata": {"name": "kept"}})
    os.kill(before["pid"], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before["pid"])] if psutil.pid_exists(before["pid"]) else [])
    assert state.read(home) is None

    after = SandboxWorld(launch.ensure_sandbox(home))
    assert [bucket["Name"] for bucket in after.aws("s3").list_buckets()["Buckets"]] == ["kept"]
    assert core_v1(after).read_namespaced_config_map("kept", "default").metadata.name == "kept"
    assert after.sandbox["aws"] == before["aws"], "an open shell must go on working"
    assert after.sandbox["kubernetes"] == before["kubernetes"]


def test_the_webhook_follows_when_its_port_is_taken(home: Path) -> None:
    world = SandboxWorld(launch.ensure_sandbox(home))
    before = webhook_url(world)
    launch.stop_sandbox(home)
    with socket.create_server(("127.0.0.1", urlsplit(before).port or 0)):
        after = webhook_url(SandboxWorld(launch.ensure_sandbox(home)))
    assert after != before
    ports = json.loads((home / "ports.json").read_text())
    assert urlsplit(after).port == ports["webhook"]


def webhook_url(world: SandboxWorld) -> str:
    from kubernetes.client import AdmissionregistrationV1Api

    api = AdmissionregistrationV1Api(world.kubernetes)
    found = api.read_mutating_webhook_configuration("pod-identity-webhook")
    return str(found.webhooks[0].client_config.url)


def test_two_projects_do_not_collide(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    try:
        here, there = launch.ensure_sandbox(home), launch.ensure_sandbox(other)
        assert here["aws"]["endpoint_url"] != there["aws"]["endpoint_url"]
        SandboxWorld(here).aws("iam").create_user(UserName="only-here")
        users = SandboxWorld(there).aws("iam").list_users()["Users"]
        assert "only-here" not in [user["UserName"] for user in users]
    finally:
        launch.stop_sandbox(other)


def test_a_reset_makes_another_world(home: Path) -> None:
    before = launch.ensure_sandbox(home)
    core_v1(SandboxWorld(before)).create_namespace({"metadata": {"name": "mine"}})
    launch.reset_sandbox(home)
    after = launch.ensure_sandbox(home)
    assert after["issuer"]["url"] != before["issuer"]["url"]
    names = [n.metadata.name for n in core_v1(SandboxWorld(after)).list_namespace().items]
    assert "mine" not in names


def test_stopping_leaves_no_process_of_a_pod(home: Path) -> None:
    world = SandboxWorld(launch.ensure_sandbox(home))
    from irsa_helpers import pods

    pods.ensure_deployment(world, "sleeper", service_account="default", image="busybox")
    pods.wait_for_pod(world, "sleeper")
    children = psutil.Process(world.sandbox["pid"]).children(recursive=True)
    assert children
    assert launch.stop_sandbox(home)
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert not launch.stop_sandbox(home), "nothing is left to stop"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IrsaLabError, match=r"cannot write to its folder .*: Not a directory"):
        launch.ensure_sandbox(tmp_path / "file" / "home")
