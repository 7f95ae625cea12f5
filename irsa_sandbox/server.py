"""The sandbox as one process: its parts put together, started and stopped in order.

Each part reaches the others as it would in a real cluster: the webhook, the controllers and the
kubelet speak to the API server over TLS with a token, STS fetches the issuer's keys over TLS.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import logging
import os
import signal
import sqlite3
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from irsa_helpers.state import this_process, write_private
from irsa_sandbox import (
    apiserver,
    aws,
    cluster_parts,
    control,
    issuer,
    listeners,
    node,
    notices,
    progress,
)
from irsa_sandbox.certificates import Authority
from irsa_sandbox.clock import Clock
from irsa_sandbox.component_roles import WEBHOOK_ACCOUNT
from irsa_sandbox.frame import NO_WAY_OUT, PORTS, Frame
from irsa_sandbox.identity import (
    ACCOUNT_ID,
    ADMIN_USER,
    CLUSTER_NAME,
    REGION,
    load_or_create,
)
from irsa_sandbox.issuer_client import IssuerClient
from irsa_sandbox.loops import restarted
from irsa_sandbox.trace import Trace

log = logging.getLogger("irsa-lab")


class AlreadyRunningError(Exception):
    """Another process holds this sandbox's folder."""


async def run(home: Path) -> None:
    """Serve the sandbox of that folder until SIGTERM, SIGINT or its own `stop`.

    Raises AlreadyRunningError where another process serves it.
    """
    lock = _lock(home)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with AsyncExitStack() as stack:
        stack.callback(lock.close)
        progress.begin(home / "progress.txt")
        await _compose(home, stack, stop)
        # What is loaded by now stays: going over it at each garbage collection holds everybody.
        gc.freeze()
        progress.end()
        await stop.wait()
        log.info("stopping")


def _lock(home: Path) -> sqlite3.Connection:
    """Hold the folder for this process alone; the system lets go of it however the process ends."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(home / "lock.sqlite3", timeout=0)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise AlreadyRunningError(str(home)) from error
    return connection


async def _compose(home: Path, stack: AsyncExitStack, stop: asyncio.Event) -> None:
    """Start every part; `stack` stops them in the opposite order."""
    servers = listeners.Listeners(home / "ports.json")
    frame = _frame(home, servers)
    stack.callback(frame.trace.close)
    stack.push_async_callback(servers.stop)
    issuer_client = IssuerClient(frame.identity.issuer_host, frame.ports["issuer"], frame.authority)

    cloud = aws.create(_aws_settings(frame, issuer_client))
    cluster = apiserver.create(_kubernetes_settings(frame, cloud))
    await asyncio.gather(cloud.start(), cluster.start(), _serve_issuer(frame, servers))
    stack.push_async_callback(cloud.stop)
    stack.push_async_callback(cluster.stop)
    await servers.serve("aws", cloud.app)
    certificate = frame.authority.issue("kubernetes", listeners.LOOPBACK, "localhost")
    await servers.serve("kubernetes", cluster.app, certificate=certificate)
    if cluster.is_new:
        (home / cluster_parts.REGISTERED).unlink(missing_ok=True)
    await cluster_parts.start(frame, servers, cloud, stack)
    await servers.serve("control", control.create_app(_control_settings(frame, stop)))
    _publish(frame)
    stack.callback((home / "state.json").unlink, missing_ok=True)
    log.info("ready at %s", frame.url("aws"))


def _frame(home: Path, servers: listeners.Listeners) -> Frame:
    clock = Clock.load(home / "clock.json")
    return Frame(
        home=home,
        identity=load_or_create(home / "identity.json"),
        clock=clock,
        trace=Trace(clock, home / "trace.jsonl"),
        keys=issuer.SigningKeys.load_or_create(home / "keys" / "issuer"),
        authority=Authority(home / "keys" / "tls"),
        ports=servers.bind(*PORTS),
    )


async def _serve_issuer(frame: Frame, servers: listeners.Listeners) -> None:
    host = frame.identity.issuer_host
    await servers.serve(
        "issuer",
        issuer.create_app(frame.keys, frame.identity.issuer_url),
        certificate=frame.authority.issue("issuer", host, intermediate=True),
        hosts=(host,),
    )


def _aws_settings(frame: Frame, issuer_client: IssuerClient) -> aws.AwsSettings:
    return aws.AwsSettings(
        home=frame.home / "aws",
        region=REGION,
        account_id=ACCOUNT_ID,
        cluster_name=CLUSTER_NAME,
        kubernetes_endpoint=frame.url("kubernetes"),
        kubernetes_ca_pem=frame.authority.pem,
        issuer_url=frame.identity.issuer_url,
        admin_access_key_id=frame.identity.access_key_id,
        admin_secret_access_key=frame.identity.secret_access_key,
        clock=frame.clock,
        trace=frame.trace,
        fetch=issuer_client.fetch,
    )


def _kubernetes_settings(frame: Frame, cloud: aws.Aws) -> apiserver.KubernetesSettings:
    tokens = frame.identity.tokens
    users = {
        "admin": _user("kubernetes-admin", "system:masters"),
        "controllers": _user("system:kube-controller-manager"),
        "scheduler": _user("system:kube-scheduler"),
        "kubelet": _user(f"system:node:{node.NODE_NAME}", "system:nodes"),
        "webhook": _user(
            ":".join(("system:serviceaccount", *WEBHOOK_ACCOUNT)),
            "system:serviceaccounts",
            f"system:serviceaccounts:{WEBHOOK_ACCOUNT[0]}",
        ),
    }
    return apiserver.KubernetesSettings(
        database=frame.home / "kubernetes.sqlite3",
        issuer_url=frame.identity.issuer_url,
        keys=frame.keys,
        clock=frame.clock,
        trace=frame.trace,
        ca_pem=frame.authority.pem,
        server_url=frame.url("kubernetes"),
        static_tokens={tokens[name]: user for name, user in users.items()},
        kubelet_token=tokens["kubelet-api"],
        authenticate_eks_token=cloud.authenticate_eks_token,
        webhook_tokens={f"{frame.url('webhook')}/": tokens["admission"]},
        admin_arns=(f"arn:aws:iam::{ACCOUNT_ID}:user/{ADMIN_USER}",),
    )


def _user(name: str, *groups: str) -> apiserver.User:
    return apiserver.User(name, (*groups, "system:authenticated"))


def _control_settings(frame: Frame, stop: asyncio.Event) -> control.ControlSettings:
    started = datetime.now(UTC)

    def status() -> dict[str, Any]:
        uptime = datetime.now(UTC) - started
        return {
            "pid": os.getpid(),
            "uptime_seconds": uptime.total_seconds(),
            "clock_offset_seconds": frame.clock.offset_seconds,
            "restarted_loops": restarted(),
            "notices": notices.told(),
        }

    return control.ControlSettings(
        token=frame.identity.tokens["control"],
        clock=frame.clock,
        trace=frame.trace,
        keys=frame.keys,
        status=status,
        stop=stop.set,
    )


def _publish(frame: Frame) -> None:
    """Write the kubeconfig and, last, the state file: from then on the sandbox can be found."""
    home, identity = frame.home, frame.identity
    _write_aws_program(home / "bin")
    kubeconfig = home / "kubeconfig"
    write_private(kubeconfig, yaml.safe_dump(_kubeconfig(frame), sort_keys=False))
    described = this_process() | {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "home": str(home),
        "region": REGION,
        "account_id": ACCOUNT_ID,
        "cluster": CLUSTER_NAME,
        "aws": {
            "endpoint_url": frame.url("aws"),
            "access_key_id": identity.access_key_id,
            "secret_access_key": identity.secret_access_key,
        },
        "kubernetes": {
            "server": frame.url("kubernetes"),
            "token": identity.tokens["admin"],
            "ca_file": str(frame.authority.ca_file),
            "kubeconfig": str(kubeconfig),
        },
        "issuer": {
            "url": identity.issuer_url,
            "address": f"{listeners.LOOPBACK}:{frame.ports['issuer']}",
            "ca_file": str(frame.authority.ca_file),
        },
        "control": {"url": frame.url("control"), "token": identity.tokens["control"]},
    }
    write_private(home / "state.json", json.dumps(described, indent=2))


def _write_aws_program(folder: Path) -> None:
    """An `aws` that cannot leave the machine, whatever endpoint it thinks of.

    AWS CLI 1 takes endpoints of its own for sqs, emr and health, and AWS_ENDPOINT_URL not for them:
    the wrapper names it as an option there, so that the sandbox says what is not here.
    The CLI does not try again where it cannot get out: ten seconds would pass until it says so.
    """
    folder.mkdir(exist_ok=True)
    variables = NO_WAY_OUT | {"AWS_MAX_ATTEMPTS": "1"}
    lines = [f"{name}={value}" for name, value in variables.items()]
    # As a module: the first line of pip's own `aws` names no interpreter whose path has a blank.
    call = f'exec "{sys.executable}" -P -m awscli "$@"'
    program = folder / "aws"
    own = 'case " $* " in *" sqs "*|*" emr "*|*" health "*) '
    own += 'set -- --endpoint-url "$AWS_ENDPOINT_URL" "$@";; esac'
    program.write_text(f"#!/bin/sh\n{own}\n{' '.join(lines)} {call}\n", encoding="utf-8")
    program.chmod(0o700)


def _kubeconfig(frame: Frame) -> dict[str, Any]:
    name = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/{CLUSTER_NAME}"
    server = {
        "server": frame.url("kubernetes"),
        # As `aws eks update-kubeconfig` writes it: the text itself, which every client reads.
        "certificate-authority-data": base64.b64encode(frame.authority.pem.encode()).decode(),
    }
    context = {"cluster": name, "user": name, "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"token": frame.identity.tokens["admin"]}}],
        "contexts": [{"name": name, "context": context}],
        "current-context": name,
    }
