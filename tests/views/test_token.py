"""The token view: what is in a token, who signed it, and how long it still lives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from irsa_helpers import oidc
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.claims import Token, decode_unverified, token_facts
from irsa_helpers.tokens import check_signature
from irsa_helpers.views import token_view
from irsa_helpers.views.token import MASK, TokenView, life_in_words
from irsa_helpers.worlds.sandbox import SandboxWorld

HOUR = 3600


@pytest.fixture
def token(world: SandboxWorld, namespace: str) -> str:
    """A token of a namespace's `default`, for an hour."""
    accounts = world.resource("v1", "ServiceAccount")
    body = {"spec": {"audiences": [oidc.AUDIENCE], "expirationSeconds": HOUR}}
    made = accounts.token.create(name="default", namespace=namespace, body=body)
    return str(made.status.token)


def test_each_claim_stands_with_its_meaning_and_the_signature_is_masked(
    world: SandboxWorld, token: str
) -> None:
    view = token_view(world, token)
    shown = view._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown
    for form in ("text/html", "text/plain"):
        assert "the trust policy compares it" in shown[form], form
        assert "of its 1 h 0 min are over" in shown[form], form
        assert "✓ good" in shown[form], form
    assert MASK in shown["text/html"]
    assert [row["claim"] for row in view.facts["claims"]][:4] == ["iss", "sub", "aud", "exp"]
    signature = token.rpartition(".")[2]
    assert signature not in repr((shown, view.facts))


def test_the_life_runs_by_the_worlds_time(world: SandboxWorld, token: str, namespace: str) -> None:
    view = token_view(world, token).widget()
    before = view.now
    world.advance_clock(2 * HOUR, namespace=namespace)
    view._handle_custom_msg({}, [])
    assert view.now - before >= 2 * HOUR
    assert "expired" in str(token_view(world, token))
    view.close()


def test_the_signature_is_checked_with_the_published_keys(world: SandboxWorld, token: str) -> None:
    signature = check_signature(world, token)
    assert signature.good
    assert signature.said.startswith("the published key ")


def other(header: dict[str, Any], issuer: str) -> str:
    """A token of the issuer's name that a key of one's own has signed."""
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(2048)
    return str(jwt.encode({"alg": "RS256", **header}, {"iss": issuer}, key))


def test_what_another_key_signed_is_not_good(world: SandboxWorld, token: str) -> None:
    key_id = decode_unverified(token).header["kid"]
    issuer = world.cluster.issuer_url
    for forged, said in (
        (other({"kid": key_id}, issuer), f"the published key {key_id} did not make it"),
        (other({"kid": "mine"}, issuer), "the issuer publishes no key mine"),
        (other({"kid": key_id}, "https://example.com"), "its issuer is https://example.com"),
    ):
        signature = check_signature(world, forged)
        assert not signature.good
        assert signature.said.startswith(said)
    claims_of_another = token.split(".")
    claims_of_another[1] = other({"kid": key_id}, issuer).split(".")[1]
    assert not check_signature(world, ".".join(claims_of_another)).good


def test_what_is_no_token_is_refused(world: SandboxWorld) -> None:
    with pytest.raises(IrsaLabError, match="not a JSON Web Token"):
        token_view(world, "/var/run/secrets/token")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({}, "it does not say when it ends"),
        ({"exp": 100}, "expired 15 min ago"),
        ({"exp": 1000}, "expired 0 min ago"),
        ({"exp": 8200}, "not in force yet; it ends in 2 h 0 min"),
        ({"nbf": 2000, "exp": 8200}, "not in force yet"),
        ({"iat": 400, "exp": 1600}, "in force: 50% of its 20 min are over"),
        ({"nbf": 900, "iat": 400, "exp": 1900}, "in force: 10% of its 16 min are over"),
    ],
)
def test_a_life_is_told_in_words(claims: dict[str, Any], said: str) -> None:
    facts = token_facts(Token({}, claims), good=None, said="")
    assert life_in_words(facts["life"], 1000).startswith(said)
    assert said in str(TokenView(facts, lambda: datetime.fromtimestamp(1000, UTC)))
