"""AssumeRoleWithWebIdentity, validated, beside a plain moto server, which validates nothing."""

from __future__ import annotations

import json
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.measure import median_seconds, moto_server, new_home, run

CALLS = 400
ROUNDS = 5

# Prints the request's parts for a role that a ServiceAccount of the sandbox may assume.
PREPARE = """
import json
from irsa_helpers import connect
from irsa_helpers.course import catch_up
world = connect()
catch_up(world, through="service-account")
body = {"spec": {"audiences": ["sts.amazonaws.com"], "expirationSeconds": 3600}}
tokens = world.resource("v1", "ServiceAccount").token
token = tokens.create(name="enginrect-sa", namespace="default", body=body)
print(json.dumps({
    "endpoint": world.sandbox["aws"]["endpoint_url"],
    "role": f"arn:aws:iam::{world.cluster.account_id}:role/enginrect-irsa-role",
    "token": token.status.token,
}))
"""


@dataclass(frozen=True)
class Target:
    """A server and the request to send it."""

    port: int
    request: bytes


def request(port: int, role_arn: str, token: str) -> bytes:
    """The call as an SDK puts it on the wire."""
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role_arn,
        "RoleSessionName": "benchmark",
        "WebIdentityToken": token,
    }
    body = urlencode(form).encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """A raw HTTP connection; it is kept open where the server keeps it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._socket: socket.socket | None = None

    def call(self) -> bytes:
        """Send the request and read the whole answer. Raises AssertionError if it is refused."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._target.port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(self._target.request)
        head, body = self._read_answer(self._socket)
        if b"connection: close" in head.lower():
            self.close()
        assert b" 200 " in head[:16], head + body
        return body

    def _read_answer(self, connection: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65_536)
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        while len(body) < length:
            body += connection.recv(65_536)
        return head, body

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def calls_per_second(target: Target) -> float:
    """How many calls one connection gets answered in a second."""
    connection = Connection(target)
    begun = time.perf_counter()
    for _ in range(CALLS):
        connection.call()
    taken = time.perf_counter() - begun
    connection.close()
    return CALLS / taken


def measure(ours: Target, plain: Target) -> tuple[float, float]:
    """The medians of both, taken in turns."""
    calls_per_second(ours), calls_per_second(plain)  # warm
    rounds = [(calls_per_second(ours), calls_per_second(plain)) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in rounds), statistics.median(b for _, b in rounds)


def validation_seconds() -> float:
    """How long reading a token, verifying its signature and checking its times takes."""
    from irsa_sandbox.aws.handshake import jwks, tokens
    from irsa_sandbox.issuer import SigningKeys

    now = int(time.time())
    claims: dict[str, object] = {
        "iss": "https://issuer",
        "sub": "system:serviceaccount:default:enginrect-sa",
    }
    claims |= {"aud": ["sts.amazonaws.com"], "iat": now, "nbf": now, "exp": now + 3600}
    with tempfile.TemporaryDirectory() as folder:
        keys = SigningKeys.load_or_create(Path(folder))
    text, key = keys.sign(claims), jwks.VerificationKey(keys.current, "RS256")

    def validate() -> None:
        for _ in range(CALLS):
            token = tokens.read(text)
            tokens.verify_signature(token, key)
            tokens.check_times(token.claims, now)

    return median_seconds(validate) / CALLS


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    with new_home() as variables, moto_server() as moto:
        facts = json.loads(run([sys.executable, "-c", PREPARE], variables).splitlines()[-1])
        port = urlsplit(facts["endpoint"]).port or 0
        ours = Target(port, request(port, facts["role"], facts["token"]))
        plain = Target(moto.port, request(moto.port, facts["role"], facts["token"]))
        mine, theirs = measure(ours, plain)
        software = moto.software
    return [
        ("AssumeRoleWithWebIdentity, validated", f"{mine:.0f} calls/s"),
        (
            "the same from a plain moto_server, not validated",
            f"{theirs:.0f} calls/s, on {software}",
        ),
        ("ratio sandbox / moto_server", f"{mine / theirs:.2f}"),
        ("validating a token, alone", f"{validation_seconds() * 1000:.3f} ms"),
    ]
