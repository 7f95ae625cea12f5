"""A disk without space: a write is refused in words, is not there, and nothing kept is lost."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kubernetes.client import ApiException

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds import environment, launch
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import core_v1

PLACE = {"LocationConstraint": "ap-northeast-2"}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A sandbox's folder on a file system of 8 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield disk / "home"
    launch.stop_sandbox(disk / "home")
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(home: Path, *, leave: int = 0) -> Path:
    """Take all space but so many bytes; returns the file to delete."""
    ballast = home.parent / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(4096)):
                pass
        except OSError:
            stream.truncate(max(0, stream.tell() // 4096 * 4096 - leave))
    return ballast


def often(make: Callable[[], Any]) -> None:
    """Make something again and again: the last page of a file may have room for some."""
    for _ in range(20):
        make()


def names(world: SandboxWorld, bucket: str) -> set[str]:
    listed = world.aws("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return {each["Key"] for each in listed}


def shell(home: Path, command: str) -> str:
    """What a command prints, typed in a terminal of that sandbox."""
    variables = environment.process_environment(launch.ensure_sandbox(home))
    run = ["sh", "-c", f"{command} 2>&1"]
    return subprocess.run(run, env=variables, capture_output=True, text=True).stdout


def config_map(world: SandboxWorld, name: str) -> Any:
    body = {"metadata": {"name": name}, "data": {"text": "x" * 200_000}}
    return core_v1(world).create_namespaced_config_map("default", body)


def test_what_is_refused_is_not_there_and_what_is_acknowledged_stays(home: Path) -> None:
    world = SandboxWorld(launch.ensure_sandbox(home))
    s3 = world.aws("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration=PLACE)
    s3.put_object(Bucket="kept", Key="before", Body=b"1")
    ballast = fill(home)
    for make in (
        lambda: s3.put_object(Bucket="kept", Key="refused", Body=b"x" * 9_000),
        lambda: s3.create_bucket(Bucket="refused" * 7, CreateBucketConfiguration=PLACE),
    ):
        with pytest.raises(ClientError, match=f"no space left in {home}") as refusal:
            often(make)
        assert refusal.value.response["Error"]["Code"] == "InternalError"
    with pytest.raises(ApiException) as told:
        often(lambda: config_map(world, f"refused-{uuid.uuid4()}"))
    assert "no space left in" in str(told.value.body)
    assert f"no space left in {home}" in shell(home, "irsa-lab status")
    put = f"aws s3api put-object --bucket kept --key refused --body {sys.executable}"
    assert f"(InternalError) when calling the PutObject operation: no space left in {home}" in (
        shell(home, put)
    )
    assert names(world, "kept") == {"before"}

    ballast.unlink()
    s3.put_object(Bucket="kept", Key="after", Body=b"2")
    config_map(world, "after")
    assert world.control("GET", "/status")["notices"] == []
    before = {
        each.metadata.name for each in core_v1(world).list_namespaced_config_map("default").items
    }
    launch.stop_sandbox(home)
    again = SandboxWorld(launch.ensure_sandbox(home))
    assert names(again, "kept") == {"before", "after"}
    assert [each["Name"] for each in again.aws("s3").list_buckets()["Buckets"]] == ["kept"]
    after = core_v1(again).list_namespaced_config_map("default").items
    assert {each.metadata.name for each in after} == before


@pytest.mark.parametrize("leave", [0, 300_000])
def test_up_on_a_full_disk_says_so_at_once(home: Path, leave: int) -> None:
    ballast = fill(home, leave=leave)
    with pytest.raises(IrsaLabError, match="no space left in") as refusal:
        launch.ensure_sandbox(home)
    assert "free some space" in str(refusal.value)
    ballast.unlink()
    assert launch.ensure_sandbox(home)
