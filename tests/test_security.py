"""The sandbox's doors: loopback alone, no foreign Host, no answer without a token.

And the threat model of SECURITY.md: each of its lines names tests that are there.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from irsa_sandbox.process.frame import PORTS

ROOT = Path(__file__).parents[1]
TLS = {"kubernetes", "issuer", "webhook"}
# What a caller without a token hears; the issuer publishes its documents to everybody, as EKS does.
CLOSED = {
    "aws": ("/", 403, "AccessDenied"),
    "kubernetes": ("/api/v1/secrets", 403, "system:anonymous"),
    "kubelet": ("/containerLogs/default/app/app", 401, ""),
    "imds": ("/latest/meta-data/iam/security-credentials/", 404, ""),
    "pod-identity-agent": ("/v1/credentials", 400, ""),
    "control": ("/status", 401, ""),
}


def call(
    name: str, port: int, path: str, headers: dict[str, str], body: str | None = None
) -> tuple[int, str]:
    """The status and text that a server of the sandbox answers."""
    address = f"{'https' if name in TLS else 'http'}://127.0.0.1:{port}{path}"
    request = urllib.request.Request(address, body.encode() if body else None, headers)
    untrusting = ssl._create_unverified_context()  # any program of the machine may do so
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=untrusting)
    )
    try:
        with direct.open(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


@pytest.fixture
def ports(sandbox: dict[str, Any], sandbox_home: Path) -> dict[str, int]:
    """Name -> port of each server that runs."""
    found: dict[str, int] = json.loads((sandbox_home / "ports.json").read_text())
    return found


def test_every_server_listens_on_loopback_alone(
    sandbox: dict[str, Any], ports: dict[str, int]
) -> None:
    listening = {
        (each.laddr.ip, each.laddr.port)
        for each in psutil.Process(sandbox["pid"]).net_connections()
        if each.status == psutil.CONN_LISTEN
    }
    assert {port for _, port in listening} == set(ports.values())
    assert {address for address, _ in listening} == {"127.0.0.1"}


@pytest.mark.parametrize("name", PORTS)
def test_a_web_page_reaches_no_server_by_a_name_of_its_own(
    ports: dict[str, int], name: str
) -> None:
    status, text = call(name, ports[name], "/", {"Host": f"rebound.example:{ports[name]}"})
    assert (status, text) == (400, "Invalid host header")


@pytest.mark.parametrize("name", CLOSED)
def test_no_server_answers_without_its_token(ports: dict[str, int], name: str) -> None:
    path, status, words = CLOSED[name]
    answer = call(name, ports[name], path, {"Origin": "https://page.example"})
    assert answer[0] == status
    assert words in answer[1]


def test_the_webhook_is_for_the_api_server_alone(ports: dict[str, int]) -> None:
    review = {"request": {"namespace": "default", "object": {"metadata": {}, "spec": {}}}}
    assert call("webhook", ports["webhook"], "/mutate", {}, json.dumps(review)) == (
        401,
        '{"error":"for the API server alone"}',
    )


@pytest.mark.parametrize("name", PORTS)
def test_no_server_lets_a_page_of_another_origin_read(ports: dict[str, int], name: str) -> None:
    address = f"{'https' if name in TLS else 'http'}://127.0.0.1:{ports[name]}/"
    question = (
        f"OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1:{ports[name]}\r\nOrigin: https://page.example\r\n"
        "Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", ports[name]), timeout=10) as plain:
        context = ssl._create_unverified_context()
        talk = context.wrap_socket(plain) if address.startswith("https") else plain
        talk.sendall(question.encode())
        answer = b"".join(iter(lambda: talk.recv(65536), b""))
    assert b"access-control-allow-origin" not in answer.lower()


THREATS = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
LINES = [line for line in THREATS.splitlines() if line.startswith("| ")]


def test_each_line_of_the_threat_model_names_tests_that_are_there() -> None:
    claims = [line for line in LINES if not line.startswith(("| kept", "| ---"))]
    assert len(claims) > 20
    for claim in claims:
        names = re.findall(r"`(tests/[^`]+)`", claim)
        assert names, f"no test holds: {claim}"
        for name in names:
            path, _, test = name.partition("::")
            assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8"), name
