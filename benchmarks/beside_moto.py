"""The calls of a handshake's app, by boto3, beside a plain moto server and moto without HTTP.

Client and server have a core each; the figures, calls a second, stand as least / median / most.
moto's server decides about nothing: the sandbox checks signature, token and policies of each call.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws

from benchmarks.measure import (
    MotoServer,
    cpu_seconds,
    in_turns,
    moto_server,
    on_cores,
    ratio,
    sandbox,
    spread,
)
from irsa_helpers.course import catch_up
from irsa_helpers.worlds.sandbox import SandboxWorld

CALLS, ROUNDS = 100, 5
REGION = "ap-northeast-2"
Act = Callable[[], Any]
Make = Callable[[str], Any]  # a service's name -> its client


def clients(endpoint: str | None, **credentials: str) -> Make:
    """boto3's clients of one place; each asks once, and reads no file for it."""
    keys = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    settings = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    session = boto3.Session(region_name=REGION, **keys)
    return lambda service: session.client(service, endpoint_url=endpoint, config=settings)


def filled(make: Make) -> None:
    """An object to get and an item to get."""
    s3, dynamodb = make("s3"), make("dynamodb")
    s3.create_bucket(Bucket="bench", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="bench", Key="key", Body=b"x" * 1_000)
    dynamodb.create_table(
        TableName="bench",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="bench", Item={"id": {"S": "key"}, "text": {"S": "x" * 1_000}})


def reads(make: Make) -> dict[str, Act]:
    """Name of a call -> the call."""
    s3, dynamodb = make("s3"), make("dynamodb")
    return {
        "S3 GetObject": lambda: s3.get_object(Bucket="bench", Key="key")["Body"].read(),
        "DynamoDB GetItem": lambda: dynamodb.get_item(TableName="bench", Key={"id": {"S": "key"}}),
    }


def assumption(make: Make, role_arn: str, token: str) -> Act:
    """AssumeRoleWithWebIdentity, as the SDK of a Pod calls it."""
    sts = make("sts")
    return lambda: sts.assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName="benchmark", WebIdentityToken=token
    )


def calls_per_second(act: Act) -> Callable[[], float]:
    """How many of them one client gets answered in a second."""

    def rate() -> float:
        begun = time.perf_counter()
        for _ in range(CALLS):
            act()
        return CALLS / (time.perf_counter() - begun)

    return rate


def token_for(world: SandboxWorld) -> tuple[str, str]:
    """A role, and a token of a ServiceAccount that may become it."""
    catch_up(world, through="service-account")
    body = {"spec": {"audiences": ["sts.amazonaws.com"], "expirationSeconds": 3600}}
    tokens = world.resource("v1", "ServiceAccount").token
    made = tokens.create(name="enginrect-sa", namespace="default", body=body)
    role_arn = f"arn:aws:iam::{world.cluster.account_id}:role/enginrect-irsa-role"
    return role_arn, made.status.token


def session_of(world: SandboxWorld, assume: Act) -> Make:
    """Clients with the role's credentials, which may read what is measured and nothing else."""
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource}
        for action, resource in (
            ("s3:GetObject", "arn:aws:s3:::bench/*"),
            ("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:*:table/bench"),
        )
    ]
    world.aws("iam").put_role_policy(
        RoleName="enginrect-irsa-role",
        PolicyName="bench",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    given = assume()["Credentials"]
    return clients(
        world.sandbox["aws"]["endpoint_url"],
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


@dataclass(frozen=True)
class Side:
    """A server's process, and calls that it answers, by name."""

    pid: int
    acts: dict[str, Act]


def compared(ours: Side, plain: Side) -> Iterator[tuple[str, str]]:
    """Both in turns: rows of the rates and of their ratio, and what a call costs each server."""
    for name in ours.acts:
        acts = [each.acts[name] for each in (ours, plain)]
        for act in acts:
            act()  # warm
        before = [cpu_seconds(each.pid) for each in (ours, plain)]
        mine, theirs = in_turns(ROUNDS, *map(calls_per_second, acts))
        after = [cpu_seconds(each.pid) for each in (ours, plain)]
        own, other = (
            (late - early) / (ROUNDS * CALLS) * 1000
            for early, late in zip(before, after, strict=True)
        )
        yield f"{name}: sandbox", spread(mine, "calls/s", 0)
        yield f"{name}: moto_server", spread(theirs, "calls/s", 0)
        yield "ratio of the medians", ratio(mine, theirs)
        costs = f"{own:.2f} ms, {other:.2f} ms: ratio {other / own:.2f}"
        yield "the servers' own processor time for each call", costs


def without_http(role_arn: str, token: str) -> list[float]:
    """The same call to moto in this very process: no socket, no server."""
    with mock_aws():
        rate = calls_per_second(assumption(clients(None), role_arn, token))
        rate()  # warm
        return [rate() for _ in range(ROUNDS)]


def measured(world: SandboxWorld, moto: MotoServer) -> Iterator[tuple[str, str]]:
    """Every row."""
    yield "moto_server runs on", moto.software
    pid = world.sandbox["pid"]
    role_arn, token = token_for(world)
    ours, plain = clients(world.sandbox["aws"]["endpoint_url"]), clients(moto.url)
    filled(world.aws)
    filled(plain)
    name = "AssumeRoleWithWebIdentity"
    assume = assumption(ours, role_arn, token)
    plainly = assumption(plain, role_arn, token)
    yield from compared(Side(pid, {name: assume}), Side(moto.pid, {name: plainly}))
    yield f"{name}: moto without HTTP", spread(without_http(role_arn, token), "calls/s", 0)
    session = session_of(world, assume)
    yield from compared(Side(pid, reads(session)), Side(moto.pid, reads(plain)))


def report() -> Iterator[tuple[str, str]]:
    """The sandbox and moto's server side by side."""
    with sandbox() as (world, _), moto_server() as moto:
        cores = {os.getpid(): 0, world.sandbox["pid"]: 1, moto.pid: 1}
        with on_cores(cores):
            yield from measured(world, moto)
