"""connect() picks the world, and the sandbox's world never leaves the machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import irsa_helpers
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import core_v1


def test_auto_is_the_sandbox(sandbox: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRSA_LAB_HOME", str(sandbox["home"]))
    world = irsa_helpers.connect()
    assert world.name == "sandbox"
    assert not world.needs_approval


def test_an_unknown_world_is_refused() -> None:
    with pytest.raises(IrsaLabError, match="unknown world 'moon'"):
        irsa_helpers.connect("moon")


def test_a_real_world_asks_until_it_is_approved() -> None:
    assert irsa_helpers.connect("aws").needs_approval
    assert not irsa_helpers.connect("aws", approve=True).needs_approval


def test_the_cluster_is_of_eks_form(world: SandboxWorld) -> None:
    cluster = world.cluster
    assert cluster.name == "enginrect-cluster"
    assert cluster.region == "ap-northeast-2"
    host_path = cluster.issuer_url.removeprefix("https://oidc.eks.ap-northeast-2.amazonaws.com/id/")
    assert len(host_path) == 32
    assert set(host_path) <= set("0123456789ABCDEF")


def test_the_issuer_publishes_its_documents(world: SandboxWorld) -> None:
    issuer = world.cluster.issuer_url
    document = json.loads(world.fetch(f"{issuer}/.well-known/openid-configuration"))
    assert document["issuer"] == issuer
    [key] = json.loads(world.fetch(document["jwks_uri"]))["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")


def test_the_sandbox_reaches_no_other_host(world: SandboxWorld) -> None:
    with pytest.raises(IrsaLabError, match=r"does not reach example\.com"):
        world.fetch("https://example.com/")


def test_the_issuers_chain_has_an_intermediate(world: SandboxWorld) -> None:
    chain = world.tls_chain("oidc.eks.ap-northeast-2.amazonaws.com")
    assert len(chain) == 2


def test_settings_of_the_person_are_not_read(
    world: SandboxWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:1\n")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    fresh = SandboxWorld(world.sandbox)
    assert fresh.aws("sts").get_caller_identity()["Arn"].endswith(":user/enginrect")
    assert core_v1(fresh).read_namespace("default").metadata.name == "default"


def test_the_description_says_where_you_are(world: SandboxWorld) -> None:
    text = world.describe()
    for word in ("sandbox", "111122223333", "enginrect-cluster", world.cluster.issuer_url):
        assert word in text


def test_a_real_world_is_not_the_sandbox_by_accident(
    sandbox: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRSA_LAB_WORLD", "aws")
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox["aws"]["endpoint_url"])
    with pytest.raises(IrsaLabError, match="would go to this machine"):
        irsa_helpers.connect()
