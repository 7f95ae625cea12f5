"""What a caller without rights cannot make the sandbox hold: neither a body nor a head."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from irsa_helpers.worlds.sandbox import SandboxWorld

HUNDRED_MB = 100_000_000
FEW_BYTES = 16 * 2**20  # what the process may grow by, whatever it was sent
MAPS = "/api/v1/namespaces/default/configmaps"


@contextmanager
def connection(url: str) -> Iterator[socket.socket]:
    """A connection to one of the sandbox's servers, TLS where the address says so."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), 10) as plain:
        if parts.scheme == "http":
            yield plain
            return
        context = ssl._create_unverified_context()
        with context.wrap_socket(plain, server_hostname=parts.hostname) as secure:
            yield secure


def head(url: str, method: str, path: str, **headers: str) -> bytes:
    """A request's head that promises 100 MB."""
    named = {"Host": urlsplit(url).netloc, "Content-Length": str(HUNDRED_MB)} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in named.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def first_line(sent: socket.socket) -> str:
    """The status line of the answer. Raises TimeoutError where none comes."""
    return sent.recv(65_536).split(b"\r\n")[0].decode()


@pytest.fixture
def process(sandbox: dict[str, Any]) -> psutil.Process:
    """The sandbox's process."""
    return psutil.Process(sandbox["pid"])


@pytest.fixture
def servers(sandbox: dict[str, Any], sandbox_home: Path) -> dict[str, str]:
    """The addresses that somebody without rights reaches."""
    ports = json.loads((sandbox_home / "ports.json").read_text())
    return {
        "kubernetes": sandbox["kubernetes"]["server"],
        "aws": sandbox["aws"]["endpoint_url"],
        "webhook": f"https://127.0.0.1:{ports['webhook']}",
    }


@pytest.mark.parametrize(
    ("server", "method", "path", "status"),
    [
        ("kubernetes", "POST", MAPS, 403),
        ("kubernetes", "PUT", f"{MAPS}/x", 403),
        ("kubernetes", "PATCH", f"{MAPS}/x", 403),
        ("kubernetes", "DELETE", f"{MAPS}/x", 403),
        ("kubernetes", "POST", "/api/v1/namespaces/default/pods/x/eviction", 403),
        ("kubernetes", "POST", "/apis/authentication.k8s.io/v1/tokenreviews", 403),
        ("kubernetes", "POST", "/nowhere", 403),
        ("aws", "PUT", "/somebodys-bucket/key", 403),
        ("aws", "POST", "/somebodys-bucket?delete", 400),
        ("aws", "POST", "/", 400),
        ("webhook", "POST", "/mutate", 401),
    ],
)
def test_a_body_of_100_mb_from_nobody_is_refused_unread(
    servers: dict[str, str], server: str, method: str, path: str, status: int
) -> None:
    with connection(servers[server]) as sent:
        sent.sendall(head(servers[server], method, path))
        assert f" {status} " in first_line(sent)  # not a byte of the body was sent


def test_a_wrong_token_and_an_unknown_key_are_refused_unread(servers: dict[str, str]) -> None:
    with connection(servers["kubernetes"]) as sent:
        sent.sendall(head(servers["kubernetes"], "POST", MAPS, Authorization="Bearer a.b.c"))
        assert " 401 " in first_line(sent)
    scope = "AKIAIOSFODNN7EXAMPLE/20260101/ap-northeast-2/s3/aws4_request"
    claim = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    with connection(servers["aws"]) as sent:
        sent.sendall(head(servers["aws"], "PUT", "/bucket/key", Authorization=claim))
        assert " 403 " in first_line(sent)


@pytest.mark.parametrize("server", ["kubernetes", "aws", "webhook"])
def test_a_head_without_end_is_refused(
    servers: dict[str, str], server: str, process: psutil.Process
) -> None:
    before = process.memory_info().rss
    with (
        connection(servers[server]) as sent,
        pytest.raises((ConnectionError, ssl.SSLError)),
        sent.makefile("wb") as stream,
    ):
        stream.writelines([b"GET / HTTP/1.1\r\nX-Long: ", *[b"a" * 65_536] * 400])
    assert process.memory_info().rss - before < FEW_BYTES


def test_bodies_sent_all_the_same_are_not_kept(
    servers: dict[str, str], process: psutil.Process
) -> None:
    before, piece = process.memory_info().rss, b"a" * 2**20
    with connection(servers["kubernetes"]) as sent:
        sent.sendall(head(servers["kubernetes"], "POST", MAPS))
        for _ in range(HUNDRED_MB // len(piece)):
            sent.sendall(piece)
        assert " 403 " in first_line(sent)
    assert process.memory_info().rss - before < FEW_BYTES


def test_an_upload_is_authorised_before_it_is_read(
    world: SandboxWorld, sandbox: dict[str, Any], process: psutil.Process
) -> None:
    iam, s3 = world.aws("iam"), world.aws("s3")
    iam.create_user(UserName="without-rights")
    key = iam.create_access_key(UserName="without-rights")["AccessKey"]
    location = {"LocationConstraint": "ap-northeast-2"}
    s3.create_bucket(Bucket="somebodys-uploads", CreateBucketConfiguration=location)
    theirs = boto3.client(
        "s3",
        region_name="ap-northeast-2",
        endpoint_url=sandbox["aws"]["endpoint_url"],
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    before = process.memory_info().rss
    for _ in range(3):
        with pytest.raises(ClientError, match=r"AccessDenied.*s3:PutObject"):
            theirs.put_object(Bucket="somebodys-uploads", Key="k", Body=b"a" * 20_000_000)
    assert process.memory_info().rss - before < FEW_BYTES
    s3.put_object(Bucket="somebodys-uploads", Key="k", Body=b"a" * 5_000_000)
    assert s3.head_object(Bucket="somebodys-uploads", Key="k")["ContentLength"] == 5_000_000
    s3.delete_object(Bucket="somebodys-uploads", Key="k")
    s3.delete_bucket(Bucket="somebodys-uploads")
    iam.delete_access_key(UserName="without-rights", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="without-rights")


def test_a_review_is_short(world: SandboxWorld, servers: dict[str, str]) -> None:
    """Every caller with a name may ask for one, so it is no way to have much decoded."""
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    token = world.sandbox["kubernetes"]["token"]
    with connection(servers["kubernetes"]) as sent:
        sent.sendall(head(servers["kubernetes"], "POST", path, Authorization=f"Bearer {token}"))
        assert " 413 " in first_line(sent)
