"""The Pod Identity agent: a Pod's token in, its role's credentials out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from irsa_helpers.sandbox.clock import Clock
from irsa_helpers.sandbox.pod_identity_agent import PodIdentityAgent

EXPIRATION = 4_000_000_000
Ask = Callable[..., httpx.Response]


class EksAuth:
    """A stand-in for the EKS Auth endpoint that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.refusal: httpx.Response | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.refusal is not None:
            return self.refusal
        credentials = {
            "accessKeyId": "ASIAPOD",
            "secretAccessKey": "secret",
            "sessionToken": "session",
            "expiration": EXPIRATION,
        }
        return httpx.Response(200, json={"credentials": credentials})


async def node_credentials() -> Mapping[str, str]:
    return {"AccessKeyId": "ASIANODE", "SecretAccessKey": "s", "Token": "t"}


@pytest.fixture
def eks_auth(monkeypatch: pytest.MonkeyPatch) -> EksAuth:
    made = EksAuth()
    transport = httpx.MockTransport(made)
    client = httpx.AsyncClient

    def with_transport(**options: Any) -> httpx.AsyncClient:
        return client(**({"transport": transport} | options))

    monkeypatch.setattr("irsa_helpers.sandbox.pod_identity_agent.httpx.AsyncClient", with_transport)
    return made


@pytest.fixture
def agent(eks_auth: EksAuth) -> PodIdentityAgent:
    clock = Clock()
    return PodIdentityAgent(
        "http://aws.test", "ap-northeast-2", "111122223333", "c", clock, node_credentials
    )


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
        "AccountId": "111122223333",
        "Expiration": "2096-10-02T07:06:40Z",
    }


def test_the_call_names_the_cluster_and_is_signed_by_the_node(ask: Ask, eks_auth: EksAuth) -> None:
    ask()
    [asked] = eks_auth.asked
    assert asked.url.path == "/clusters/c/assume-role-for-pod-identity"
    assert json.loads(asked.content) == {"token": "token-1"}
    assert "Credential=ASIANODE/" in asked.headers["authorization"]
    assert "/ap-northeast-2/eks-auth/aws4_request" in asked.headers["authorization"]


def test_credentials_are_kept_for_the_same_token_only(ask: Ask, eks_auth: EksAuth) -> None:
    for token in ("token-1", "token-1", "token-2"):
        ask(token)
    assert len(eks_auth.asked) == 2


def test_credentials_near_their_end_are_renewed(
    ask: Ask, agent: PodIdentityAgent, eks_auth: EksAuth
) -> None:
    ask()
    agent.clock.advance(EXPIRATION - agent.clock.time())
    ask()
    assert len(eks_auth.asked) == 2


def test_a_refusal_comes_with_its_code_and_status(ask: Ask, eks_auth: EksAuth) -> None:
    headers = {"x-amzn-errortype": "ResourceNotFoundException", "x-amzn-requestid": "r1"}
    eks_auth.refusal = httpx.Response(404, json={"message": "none"}, headers=headers)
    answer = ask()
    assert answer.status_code == 404
    assert answer.text == "[r1]: (ResourceNotFoundException): none, fault: client\n"


def test_without_a_token_nothing_is_asked(ask: Ask, eks_auth: EksAuth) -> None:
    assert ask("").status_code == 400
    assert eks_auth.asked == []
