"""kill -9 in the middle of the work: what was acknowledged is there again, no Pod runs on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from irsa_helpers import pods
from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import core_v1

POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":'
    '"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)
pytestmark = pytest.mark.usefixtures("plain_starts")

# How each client says that the connection broke.
BROKEN = (HTTPError, BotoCoreError, ResponseParserError, OSError)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The folder of a sandbox of the test's own."""
    yield tmp_path / "home"
    launch.stop_sandbox(tmp_path / "home")


def until_refused(make: Callable[[str], Any], acknowledged: list[str]) -> None:
    """Make one after another, noting each that was acknowledged, until the sandbox is gone."""
    for number in range(10_000):
        try:
            make(f"kept-{number}")
        except BROKEN:
            return
        acknowledged.append(f"kept-{number}")


def test_nothing_acknowledged_is_lost(home: Path) -> None:
    before = launch.ensure_sandbox(home)
    world = SandboxWorld(before)
    s3, iam = world.aws("s3"), world.aws("iam")
    place = {"LocationConstraint": "ap-northeast-2"}
    s3.create_bucket(Bucket="enginrect-kept", CreateBucketConfiguration=place)
    makers: dict[str, Callable[[str], Any]] = {
        "accounts": lambda name: core_v1(world).create_namespaced_service_account(
            "default", {"metadata": {"name": name}}
        ),
        "roles": lambda name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=POLICY),
        "objects": lambda name: s3.put_object(Bucket="enginrect-kept", Key=name, Body=name),
    }
    made: dict[str, list[str]] = {name: [] for name in makers}
    threads = [
        threading.Thread(target=until_refused, args=(make, made[name]))
        for name, make in makers.items()
    ]
    for thread in threads:
        thread.start()
    while not all(len(names) > 5 for names in made.values()):
        time.sleep(0.01)
    os.kill(before["pid"], signal.SIGKILL)
    for thread in threads:
        thread.join(60)

    after = SandboxWorld(launch.ensure_sandbox(home))
    accounts = core_v1(after).list_namespaced_service_account("default").items
    assert set(made["accounts"]) <= {account.metadata.name for account in accounts}
    pages = after.aws("iam").get_paginator("list_roles").paginate()
    assert set(made["roles"]) <= {role["RoleName"] for page in pages for role in page["Roles"]}
    pages = after.aws("s3").get_paginator("list_objects_v2").paginate(Bucket="enginrect-kept")
    assert set(made["objects"]) <= {each["Key"] for page in pages for each in page["Contents"]}


def running_family(home: Path) -> list[psutil.Process]:
    """The processes of a sandbox with a Pod that runs."""
    world = SandboxWorld(launch.ensure_sandbox(home))
    pods.ensure_deployment(world, "sleeper", service_account="default", image="busybox")
    pod = pods.wait_for_pod(world, "sleeper")
    script = "cd / && HOME=/ setsid -f sh -c 'echo $$; exec sleep 86396 >&- 2>&-'"
    answer = pods.exec_in_pod(world, pod.metadata.name, ["sh", "-c", script])
    sandbox = psutil.Process(world.sandbox["pid"])
    family = sandbox.children(recursive=True)
    assert family
    return [sandbox, *family, psutil.Process(int(answer.stdout))]


@pytest.mark.parametrize("end", ["kill", "down", "reset"])
def test_no_process_of_a_pod_is_left(home: Path, end: str) -> None:
    family = running_family(home)
    if end == "kill":
        os.kill(family[0].pid, signal.SIGKILL)
    elif end == "down":
        launch.stop_sandbox(home)
    else:
        launch.reset_sandbox(home)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
