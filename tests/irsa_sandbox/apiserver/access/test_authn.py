"""Tokens that live in Secrets: good as long as both of their objects are there."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.controllers.upkeep.token_secrets import ACCOUNT_NAME, TYPE, legacy_claims
from irsa_sandbox.issuer import SigningKeys
from tests.irsa_sandbox.apiserver.conftest import Http

CORE = "/api/v1/namespaces/default"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@pytest.fixture
def legacy(tmp_path: Path) -> Iterator[tuple[Http, str]]:
    """A server, and the token of its Secret `s` for its ServiceAccount `app`."""
    http = Http(tmp_path)
    account = http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "app"}}).json()
    metadata = {"name": "s", "annotations": {ACCOUNT_NAME: "app"}}
    secret = http("POST", f"{CORE}/secrets", {"metadata": metadata, "type": TYPE}).json()
    claims = legacy_claims(secret, account)
    token = SigningKeys.load_or_create(tmp_path / "keys").sign(claims)
    encoded = base64.b64encode(token.encode()).decode()
    http("PUT", f"{CORE}/secrets/s", secret | {"data": {"token": encoded}})
    yield http, token
    http.close()


def test_a_token_of_a_secret_stands_for_its_service_account(legacy: tuple[Http, str]) -> None:
    http, token = legacy
    info = http("POST", SELF, {}, token=token).json()["status"]["userInfo"]
    assert info["username"] == "system:serviceaccount:default:app"
    assert "extra" not in info, "it has no id of its own"


@pytest.mark.parametrize(
    ("audiences", "authenticated"),
    [([], True), (["https://kubernetes.default.svc"], True), (["sts.amazonaws.com"], None)],
)
def test_a_token_of_a_secret_is_for_the_api_server_alone(
    legacy: tuple[Http, str], audiences: list[str], authenticated: bool | None
) -> None:
    http, token = legacy
    review = {"spec": {"token": token, "audiences": audiences}}
    assert http("POST", REVIEWS, review).json()["status"].get("authenticated") is authenticated


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", f"{CORE}/secrets/s", None),
        ("DELETE", f"{CORE}/serviceaccounts/app", None),
        ("PATCH", f"{CORE}/secrets/s", {"data": {"token": "eA=="}}),
        ("PATCH", f"{CORE}/secrets/s", {"data": None}),
    ],
)
def test_a_token_of_a_secret_goes_with_its_objects(
    legacy: tuple[Http, str], method: str, path: str, body: Any
) -> None:
    http, token = legacy
    merge = {"content-type": "application/merge-patch+json"}
    assert http(method, path, body, headers=merge if body else {}).status_code == 200
    assert http("POST", SELF, {}, token=token).status_code == 401
