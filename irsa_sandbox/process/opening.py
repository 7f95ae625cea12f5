"""The first moments of a sandbox: its folder is locked, its addresses and keys are known and told.

Nothing heavy is loaded here: who only needs to know where the sandbox is going to answer, such as
JupyterLab, starts at the same time.
"""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from irsa_helpers.ground.state import this_process, write_private
from irsa_sandbox import issuer, listeners
from irsa_sandbox.certificates import Authority
from irsa_sandbox.clock import Clock
from irsa_sandbox.identity import ACCOUNT_ID, CLUSTER_NAME, REGION, load_or_create
from irsa_sandbox.process.frame import NO_WAY_OUT, PORTS, Frame
from irsa_sandbox.trace import Trace

log = logging.getLogger("irsa-lab")


class AlreadyRunningError(Exception):
    """Another process holds this sandbox's folder."""


@contextmanager
def opened(home: Path) -> Iterator[tuple[Frame, listeners.Listeners]]:
    """What the sandbox of that folder is built on, announced; the folder is this process's own.

    Raises AlreadyRunningError where another process serves it.
    """
    lock = _lock(home)
    try:
        servers = listeners.Listeners(home / "ports.json")
        frame = _frame(home, servers)
        announce(frame)
        yield frame, servers
    finally:
        lock.close()


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


def announce(frame: Frame) -> None:
    """Write the kubeconfig and how to reach what is going to answer."""
    _write_aws_program(frame.home / "bin")
    text = yaml.safe_dump(_kubeconfig(frame), sort_keys=False)
    write_private(frame.home / "kubeconfig", text)
    write_private(frame.home / "announced.json", json.dumps(_described(frame), indent=2))


def publish(frame: Frame) -> None:
    """Write the state file: from now on the sandbox answers, and is found."""
    write_private(frame.home / "state.json", json.dumps(_described(frame), indent=2))


def _described(frame: Frame) -> dict[str, Any]:
    """How to know the sandbox's process, and all that a client needs."""
    home, identity = frame.home, frame.identity
    return this_process() | {
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
            "kubeconfig": str(home / "kubeconfig"),
        },
        "issuer": {
            "url": identity.issuer_url,
            "address": f"{listeners.LOOPBACK}:{frame.ports['issuer']}",
            "ca_file": str(frame.authority.ca_file),
        },
        "control": {"url": frame.url("control"), "token": identity.tokens["control"]},
    }


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
