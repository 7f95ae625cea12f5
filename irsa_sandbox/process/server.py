"""The sandbox as one process: its parts put together, started and stopped in order.

Each part reaches the others as it would in a real cluster: the webhook, the controllers and the
kubelet speak to the API server over TLS with a token, STS fetches the issuer's keys over TLS.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

from irsa_sandbox import apiserver, aws, issuer, listeners, notices, progress
from irsa_sandbox.identity import (
    ACCOUNT_ID,
    ADMIN_USER,
    CLUSTER_NAME,
    REGION,
)
from irsa_sandbox.issuer_client import IssuerClient
from irsa_sandbox.loops import restarted
from irsa_sandbox.node import node
from irsa_sandbox.process import asking, cluster_parts, control, opening
from irsa_sandbox.process.component_roles import WEBHOOK_ACCOUNT
from irsa_sandbox.process.frame import Frame

log = logging.getLogger("irsa-lab")


async def run(frame: Frame, servers: listeners.Listeners) -> None:
    """Serve the sandbox until SIGTERM, SIGINT or its own `stop`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with AsyncExitStack() as stack:
        progress.begin(frame.home / "progress.txt")
        await _compose(frame, servers, stack, stop)
        # What is loaded by now stays: going over it at each garbage collection holds everybody.
        gc.freeze()
        await stop.wait()
        log.info("stopping")


async def _compose(
    frame: Frame, servers: listeners.Listeners, stack: AsyncExitStack, stop: asyncio.Event
) -> None:
    """Start every part; `stack` stops them in the opposite order."""
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
        (frame.home / cluster_parts.REGISTERED).unlink(missing_ok=True)
    await cluster_parts.start(frame, servers, cloud, stack)
    course = asking.CourseProgram(frame.home)
    stack.callback(course.close)
    settings = _control_settings(frame, stop, lambda: [cloud.changes, cluster.revision], course.ask)
    await servers.serve("control", control.create_app(settings))
    stack.callback(frame.trace.end)
    progress.end()  # whoever finds the sandbox reads of no start any more
    opening.publish(frame)
    stack.callback((frame.home / "state.json").unlink, missing_ok=True)
    log.info("ready at %s", frame.url("aws"))


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


def _control_settings(
    frame: Frame,
    stop: asyncio.Event,
    changes: Callable[[], list[int]],
    ask: Callable[[dict[str, Any]], dict[str, Any]],
) -> control.ControlSettings:
    """The control interface; `changes` is another whenever AWS or the cluster has changed."""
    started = datetime.now(UTC)

    def status() -> dict[str, Any]:
        uptime = datetime.now(UTC) - started
        return {
            "pid": os.getpid(),
            "uptime_seconds": uptime.total_seconds(),
            "clock_offset_seconds": frame.clock.offset_seconds,
            "changes": changes(),
            "restarted_loops": restarted(),
            "notices": notices.told(),
        }

    return control.ControlSettings(
        token=frame.identity.tokens["control"],
        clock=frame.clock,
        trace=frame.trace,
        keys=frame.keys,
        status=status,
        ask=ask,
        stop=stop.set,
    )
