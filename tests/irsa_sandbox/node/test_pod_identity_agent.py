"""The Pod Identity agent: a Pod's token in, its role's credentials out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from irsa_sandbox.clock import Clock
from irsa_sandbox.node.pod_identity_agent import PodIdentityAgent

EXPIRATION = 4_000_000_000
Ask = Callable[..., httpx.Response]


class EksAuth:
    """A stand-in for the EKS Auth endpoint that keeps what it was asked: path, headers, body."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str], Any]] = []
        self.refusal: tuple[int, dict[str, str], Any] | None = None

    def answer(self, path: str, headers: Mapping[str, str], body: Any) -> Any:
        """Status, headers and body of the answer."""
        self.asked.append((path, headers, body))
        credentials = {
            "accessKeyId": "ASIAPOD",
            "secretAccessKey": "secret",
            "sessionToken": "session",
            "expiration": EXPIRATION,
        }
        subject = {"namespace": "lab-08", "serviceAccount": "app-sa"}
        role = {"arn": "arn:aws:sts::444455556666:assumed-role/data/eks-c-app"}
        answer = {"subject": subject, "assumedRoleUser": role, "credentials": credentials}
        return self.refusal or (200, {}, answer)


async def node_credentials() -> Mapping[str, str]:
    return {"AccessKeyId": "ASIANODE", "SecretAccessKey": "s", "Token": "t"}


@pytest.fixture
def eks_auth() -> EksAuth:
    return EksAuth()


@pytest.fixture
def endpoint(eks_auth: EksAuth) -> Iterator[str]:
    """The URL at which the stand-in answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, answer = eks_auth.answer(self.path, self.headers, body)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def agent(endpoint: str) -> PodIdentityAgent:
    clock = Clock()
    return PodIdentityAgent(endpoint, "ap-northeast-2", "c", clock, node_credentials)


@pytest.fixture
def ask(call: Any, agent: PodIdentityAgent) -> Ask:
    def asking(token: str = "token-1") -> httpx.Response:
        headers = {"Authorization": token} if token else {}
        answer: httpx.Response = call(agent.app, "GET", "/v1/credentials", headers=headers)
        return answer

    return asking


def test_the_answer_has_the_form_that_an_sdk_reads(ask: Ask) -> None:
    assert ask().json() == {
        "AccessKeyId": "ASIAPOD",
        "SecretAccessKey": "secret",
        "Token": "session",
        "AccountId": "444455556666",
        "Expiration": "2096-10-02T07:06:40Z",
    }


def test_the_call_names_the_cluster_and_is_signed_by_the_node(ask: Ask, eks_auth: EksAuth) -> None:
    ask()
    [(path, headers, body)] = eks_auth.asked
    assert path == "/clusters/c/assume-role-for-pod-identity"
    assert body == {"token": "token-1"}
    assert "Credential=ASIANODE/" in headers["authorization"]
    assert "/ap-northeast-2/eks-auth/aws4_request" in headers["authorization"]


def test_credentials_are_kept_for_the_same_token_only(ask: Ask, eks_auth: EksAuth) -> None:
    for token in ("token-1", "token-1", "token-2"):
        ask(token)
    assert len(eks_auth.asked) == 2


def test_credentials_near_their_end_are_renewed(
    ask: Ask, agent: PodIdentityAgent, eks_auth: EksAuth
) -> None:
    ask()
    agent.clock.of("lab-09").advance(EXPIRATION - agent.clock.time())
    ask()
    assert len(eks_auth.asked) == 1
    agent.clock.of("lab-08").advance(EXPIRATION - agent.clock.time())
    ask()
    assert len(eks_auth.asked) == 2


def test_a_refusal_comes_with_its_code_and_status(ask: Ask, eks_auth: EksAuth) -> None:
    headers = {"x-amzn-errortype": "ResourceNotFoundException", "x-amzn-requestid": "r1"}
    eks_auth.refusal = (404, headers, {"message": "none"})
    answer = ask()
    assert answer.status_code == 404
    assert answer.text == "[r1]: (ResourceNotFoundException): none, fault: client\n"


def test_without_a_token_nothing_is_asked(ask: Ask, eks_auth: EksAuth) -> None:
    assert ask("").status_code == 400
    assert eks_auth.asked == []
