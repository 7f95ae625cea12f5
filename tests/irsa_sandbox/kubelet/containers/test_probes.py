"""A probe that fails says why in the words of a kubelet, which are Go's."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.containers.probes import Outcome, probe
from irsa_sandbox.kubelet.programs.environment import Paths


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def outcome(tmp_path: Path, wanted: dict[str, Any], port: int) -> Outcome:
    spec = {"name": "app", "image": "busybox"}
    spec |= {"ports": [{"name": "web", "containerPort": port}]}
    container = Container(spec, tmp_path, Paths({}), environment={"PATH": "/usr/bin:/bin"})
    return asyncio.run(probe(container, wanted))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            {"httpGet": {"port": "web"}},
            'Get "http://127.0.0.1:{port}/": dial tcp 127.0.0.1:{port}: '
            "connect: connection refused",
        ),
        (
            {"tcpSocket": {"port": "web"}},
            "dial tcp 127.0.0.1:{port}: connect: connection refused",
        ),
        ({"exec": {"command": ["sh", "-c", "echo ill; false"]}}, "ill\n"),
        (
            {"exec": {"command": ["sleep", "9"]}, "timeoutSeconds": 0.01},
            'command timed out: "sleep 9" timed out after 0.01s',
        ),
    ],
)
def test_a_failed_probe_says_why(tmp_path: Path, wanted: dict[str, Any], said: str) -> None:
    port = closed_port()
    assert outcome(tmp_path, wanted, port) == Outcome(False, said.replace("{port}", str(port)))


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"exec": {"command": ["/bin/nope"]}}, 'exec: "/bin/nope": stat /bin/nope: no such file'),
        ({"exec": {"command": ["nope"]}}, 'exec: "nope": executable file not found in $PATH'),
        ({"grpc": {"port": 1}}, "NotImplemented: the sandbox makes no gRPC probes"),
    ],
)
def test_what_cannot_be_tried_is_an_error(
    tmp_path: Path, wanted: dict[str, Any], error: str
) -> None:
    found = outcome(tmp_path, wanted, 1)
    assert (found.good, found.said) == (False, "")
    assert error in found.error
