"""The sandbox starts once, survives a kill, and keeps out of another's way."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import core_v1


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    launch.stop_sandbox(tmp_path / "home")


@pytest.mark.usefixtures("plain_starts")
def test_starting_twice_gives_the_same_sandbox(home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(launch.ensure_sandbox, [home, home])
    assert first["pid"] == second["pid"] == launch.ensure_sandbox(home)["pid"]


def test_a_path_that_shells_would_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IrsaLabError, match="there is a blank in the path"):
        launch.ensure_sandbox(tmp_path / "my kit")
    assert not (tmp_path / "my kit").exists()


@pytest.mark.usefixtures("plain_starts")
def test_files_with_secrets_are_private(home: Path) -> None:
    launch.ensure_sandbox(home)
    named = ["state.json", "kubeconfig", "identity.json"]
    secret = [*named, *home.glob("kubernetes.sqlite3*"), *home.glob("keys/**/*.key")]
    modes = {str(name): stat.S_IMODE((home / name).stat().st_mode) for name in secret}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.usefixtures("plain_starts")
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


def test_a_reset_makes_another_world_at_the_same_place(home: Path) -> None:
    before = launch.ensure_sandbox(home)
    world = SandboxWorld(before)
    core_v1(world).create_namespace({"metadata": {"name": "mine"}})
    world.aws("iam").create_user(UserName="mine")
    progress = home / "progress.sqlite3"
    progress.touch()
    launch.reset_sandbox(home)
    after = launch.ensure_sandbox(home)
    own = {"pid", "process_started", "started_at"}
    assert {k: v for k, v in after.items() if k not in own} == {
        k: v for k, v in before.items() if k not in own
    }
    assert progress.exists()
    # Clients that were made before go on, with their credentials and their CA.
    assert "mine" not in [n.metadata.name for n in core_v1(world).list_namespace().items]
    assert "mine" not in [u["UserName"] for u in world.aws("iam").list_users()["Users"]]


def test_a_folder_of_somebody_elses_is_no_home(tmp_path: Path) -> None:
    mine = [tmp_path / "p" / "thesis.txt", tmp_path / "p" / "bin" / "tool"]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    for call in (launch.ensure_sandbox, launch.reset_sandbox):
        with pytest.raises(IrsaLabError, match=r"is not a sandbox's: thesis.txt is in it"):
            call(tmp_path / "p")
    assert all(path.read_text() == "mine" for path in mine)


def test_a_reset_leaves_what_the_sandbox_did_not_make(home: Path) -> None:
    launch.ensure_sandbox(home)
    (home / "notes").mkdir()
    (home / "notes" / "mine.txt").write_text("mine")
    launch.reset_sandbox(home)
    assert (home / "notes" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"aws": "x", "kubernetes": 70000}'])
def test_ports_that_cannot_be_read_are_made_anew(home: Path, text: str) -> None:
    home.mkdir()
    (home / "ports.json").write_text(text)
    (home / "trace.jsonl").write_text('{"seq": 1}\nnot json\n')
    (home / "clock.json").write_text('{"offset_seconds": 1e300}')
    sandbox = launch.ensure_sandbox(home)
    assert json.loads((home / "ports.json").read_text())["aws"] > 0
    assert SandboxWorld(sandbox).trace() == []


@pytest.mark.usefixtures("plain_starts")
def test_a_sandbox_whose_end_nobody_takes_note_of_is_stopped_at_once(home: Path) -> None:
    """As where the parent is busy, or a container's first program reaps nobody."""
    program = "import sys, time; from pathlib import Path; from irsa_helpers.worlds import launch; "
    program += (
        f"launch.ensure_sandbox(Path({str(home)!r})); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"up\n"
        started = time.monotonic()
        assert launch.stop_sandbox(home)
        assert time.monotonic() - started < launch.STOP_SECONDS / 2
        parent.kill()


@pytest.mark.usefixtures("plain_starts")
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


def test_a_damaged_database_is_an_empty_cluster_that_works(home: Path) -> None:
    launch.ensure_sandbox(home)
    launch.stop_sandbox(home)
    (home / "kubernetes.sqlite3").write_bytes(b"damaged" * 1000)
    world = SandboxWorld(launch.ensure_sandbox(home))
    kind = "MutatingWebhookConfiguration"
    configurations = world.resource("admissionregistration.k8s.io/v1", kind).get().items
    assert [each.metadata.name for each in configurations] == ["pod-identity-webhook"]
    [told] = world.control("GET", "/status")["notices"]
    assert "kubernetes.sqlite3.damaged-1" in told


def test_up_says_what_a_long_start_is_at(home: Path) -> None:
    world = SandboxWorld(launch.ensure_sandbox(home))
    place = {"LocationConstraint": world.region}
    world.aws("s3").create_bucket(Bucket="many", CreateBucketConfiguration=place)
    world.aws("s3").put_object(Bucket="many", Key="key", Body=b"x")
    launch.stop_sandbox(home)
    journal = home / "aws" / "journal.jsonl"
    last = journal.read_text().splitlines()[-1]
    assert "/many/key" in last
    with journal.open("a") as stream:
        stream.writelines(last.replace("/many/key", f"/many/{n}") + "\n" for n in range(3_000))
    said: list[str] = []
    launch.ensure_sandbox(home, tell=said.append)
    assert said
    assert all(re.fullmatch(r"replaying [\d,]+ of [\d,]+ AWS writes", text) for text in said)
    assert not (home / "progress.txt").exists()
