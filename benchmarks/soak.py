"""Ends and full disks at random moments: nothing acknowledged is lost, nothing refused is kept.

A ledger notes what each service acknowledged and refused; after every round the sandbox starts
anew and is compared with it. Rounds: `ROUNDS=50 python -m benchmarks soak`.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from kubernetes.client import ApiException, CoreV1Api
from urllib3.exceptions import HTTPError

from irsa_helpers.worlds import launch
from irsa_helpers.worlds.sandbox import SandboxWorld

ROUNDS = int(os.environ.get("ROUNDS", "50"))
KEYS = 10
BROKEN = (HTTPError, BotoCoreError, ResponseParserError, OSError)
REFUSED = (ClientError, ApiException)
DISK_BYTES = 16 * 2**20


@dataclass
class Service:
    """How to write a value under a name, and to read all that is there."""

    write: Callable[[str, str], Any]
    read: Callable[[], dict[str, str]]


@dataclass
class Ledger:
    """By name: the value that was acknowledged last, and one whose answer never came."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    written: int = 0
    refused: int = 0

    def faults(self, there: dict[str, str]) -> list[str]:
        """Where what is there is neither the last acknowledged value nor the unanswered one."""
        names = {*self.acknowledged, *there}
        return [
            f"{name}: {there.get(name)} in place of {self.acknowledged.get(name)}"
            for name in names
            if there.get(name) not in (self.acknowledged.get(name), self.unanswered.get(name))
        ]

    def settle(self, there: dict[str, str]) -> None:
        """What is there after a start stays."""
        self.acknowledged, self.unanswered = dict(there), {}


def client(world: SandboxWorld, service: str) -> Any:
    """boto3's client, which asks once: what is tried again would blur the ledger."""
    aws = world.sandbox["aws"]
    return boto3.client(
        service,
        endpoint_url=aws["endpoint_url"],
        region_name=world.region,
        aws_access_key_id=aws["access_key_id"],
        aws_secret_access_key=aws["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def services(world: SandboxWorld) -> dict[str, Service]:
    """The services that are written to, each by the client that a person would use."""
    s3, dynamodb, iam = (client(world, name) for name in ("s3", "dynamodb", "iam"))
    core = CoreV1Api(world.kubernetes)

    def objects() -> dict[str, str]:
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="soak").get("Contents", [])]
        return {
            key: s3.get_object(Bucket="soak", Key=key)["Body"].read(40).decode() for key in keys
        }

    def put_config_map(name: str, value: str) -> None:
        body = {"metadata": {"name": name}, "data": {"value": value, "more": "x" * 5_000}}
        try:
            core.replace_namespaced_config_map(name, "default", body)
        except ApiException as error:
            if error.status != 404:
                raise
            core.create_namespaced_config_map("default", body)

    return {
        "S3": Service(
            lambda key, value: s3.put_object(
                Bucket="soak", Key=key, Body=f"{value:<40}{'x' * 5_000}"
            ),
            lambda: {key: text.strip() for key, text in objects().items()},
        ),
        "DynamoDB": Service(
            lambda key, value: dynamodb.put_item(
                TableName="soak", Item={"id": {"S": key}, "value": {"S": value}}
            ),
            lambda: {
                each["id"]["S"]: each["value"]["S"]
                for each in dynamodb.scan(TableName="soak")["Items"]
            },
        ),
        "IAM": Service(
            lambda key, value: iam.tag_role(RoleName="soak", Tags=[{"Key": key, "Value": value}]),
            lambda: {
                each["Key"]: each["Value"] for each in iam.list_role_tags(RoleName="soak")["Tags"]
            },
        ),
        "Kubernetes": Service(
            put_config_map,
            lambda: {
                each.metadata.name: each.data["value"]
                for each in core.list_namespaced_config_map("default").items
                if each.metadata.name.startswith("soak-")
            },
        ),
    }


def prepare(world: SandboxWorld) -> None:
    """The bucket, the table and the role in which the writes go."""
    place = {"LocationConstraint": world.region}
    world.aws("s3").create_bucket(Bucket="soak", CreateBucketConfiguration=place)
    world.aws("dynamodb").create_table(
        TableName="soak",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    world.aws("iam").create_role(
        RoleName="soak",
        AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    )


def write_until(over: threading.Event, service: Service, ledger: Ledger) -> None:
    """Write one value after another, noting what came of each, until it is over."""
    while not over.is_set():
        name, value = f"soak-{random.randrange(KEYS)}", str(time.monotonic_ns())
        try:
            service.write(name, value)
        except REFUSED:
            ledger.refused += 1
        except BROKEN:
            ledger.unanswered[name] = value
            return
        else:
            ledger.acknowledged[name] = value
            ledger.written += 1


def fill(folder: Path) -> Path:
    """Take all space of the file system; returns the file to delete."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(4096)):
                pass
        except OSError:
            return ballast
    raise AssertionError("a file system without end")


def one_round(home: Path, ledgers: dict[str, Ledger], *, full_disk: bool) -> list[str]:
    """Write, fill the disk or kill the sandbox, start anew, compare; returns the faults."""
    world = SandboxWorld(launch.ensure_sandbox(home))
    over, of_world = threading.Event(), services(world)
    threads = [
        threading.Thread(target=write_until, args=(over, service, ledgers[name]))
        for name, service in of_world.items()
    ]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.1, 0.8))
    if full_disk:
        ballast = fill(home.parent)
        time.sleep(0.5)
        ballast.unlink()
        time.sleep(random.uniform(0.0, 0.3))
    os.kill(world.sandbox["pid"], signal.SIGKILL)
    over.set()
    for thread in threads:
        thread.join(60)
    again = services(SandboxWorld(launch.ensure_sandbox(home)))
    faults: list[str] = []
    for name, service in again.items():
        there = service.read()
        faults += [f"{name} {fault}" for fault in ledgers[name].faults(there)]
        ledgers[name].settle(there)
    return faults


@dataclass(frozen=True)
class Outcome:
    """What came of some rounds: how many writes, and where the ledger was contradicted."""

    acknowledged: int
    refused: int
    faults: list[str]


def run(parent: Path, rounds: int, *, full_disk: bool) -> Outcome:
    """So many rounds in one sandbox of its own; after each, what is there is compared."""
    home = parent / "home"
    try:
        prepare(SandboxWorld(launch.ensure_sandbox(home)))
        ledgers = {name: Ledger() for name in ("S3", "DynamoDB", "IAM", "Kubernetes")}
        faults = [
            fault for _ in range(rounds) for fault in one_round(home, ledgers, full_disk=full_disk)
        ]
    finally:
        launch.stop_sandbox(home)
    written = sum(ledger.written for ledger in ledgers.values())
    return Outcome(written, sum(ledger.refused for ledger in ledgers.values()), faults)


def report() -> Iterator[tuple[str, str]]:
    """Rounds of kill -9, then rounds of a full disk and kill -9 (where a disk can be mounted)."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"{ROUNDS} rounds of kill -9", said(run(Path(folder), ROUNDS, full_disk=False))
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True).returncode:
            yield "full disk", "no small file system can be mounted here"
            return
        try:
            outcome = run(Path(folder), ROUNDS, full_disk=True)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
        yield f"{ROUNDS} rounds of a full disk", said(outcome)


def said(outcome: Outcome) -> str:
    """The figures of some rounds, and the first faults."""
    return (
        f"{outcome.acknowledged:,} writes acknowledged, {outcome.refused:,} refused, "
        f"{len(outcome.faults)} faults {outcome.faults[:3] or ''}"
    )
