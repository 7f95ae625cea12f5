"""A projected token can be read and explained, without taking it for checked."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.tokens import decode_unverified, explain_token

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLAIMS = {
    "aud": ["sts.amazonaws.com"],
    "exp": int(NOW.timestamp()) + 86_400,
    "iat": int(NOW.timestamp()) - 300,
    "iss": "https://oidc.eks.ap-northeast-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
    "kubernetes.io": {
        "namespace": "default",
        "pod": {"name": "s3-access-app-1", "uid": "1"},
        "serviceaccount": {"name": "enginrect-sa", "uid": "2"},
    },
    "sub": "system:serviceaccount:default:enginrect-sa",
}


def part(member: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(member).encode()).rstrip(b"=").decode()


TOKEN = f"{part({'alg': 'RS256', 'kid': 'k1'})}.{part(CLAIMS)}.c2lnbmF0dXJl"


def test_header_and_claims_are_read() -> None:
    token = decode_unverified(f"{TOKEN}\n")
    assert token.header == {"alg": "RS256", "kid": "k1"}
    assert token.claims == CLAIMS
    assert token.expires_at == datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_read_token_holds_no_signature() -> None:
    assert "c2lnbmF0dXJl" not in repr(decode_unverified(TOKEN))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        "a.b",
        "a.b.c",
        f"{part([1])}.{part(CLAIMS)}.x",
        f"{part({})}.{part(CLAIMS)}.x.y",
        "한글.토큰.입니다",
        f"{part({})}.{base64.urlsafe_b64encode(bytes([0xFF, 0xFE])).decode()}.x",
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(IrsaLabError, match="not a JSON Web Token"):
        decode_unverified(text)


def test_each_claim_gets_its_meaning() -> None:
    rows = {row.claim: row for row in explain_token(TOKEN)}
    assert rows["sub"].value == "system:serviceaccount:default:enginrect-sa"
    assert "trust policy" in rows["sub"].meaning
    assert rows["aud"].value == '["sts.amazonaws.com"]'
    assert rows["kubernetes.io.namespace"].value == "default"
    assert "trust policy cannot ask" in rows["kubernetes.io.pod"].meaning
    assert list(rows)[:2] == ["alg", "kid"]


def test_times_are_readable_and_say_how_far_away_they_are() -> None:
    rows = {row.claim: row for row in explain_token(decode_unverified(TOKEN), now=NOW)}
    assert rows["exp"].value.endswith("(2026-11-24 12:00:00 UTC)")
    assert rows["exp"].meaning.endswith("in 24 h 0 min")
    assert rows["iat"].meaning.endswith("5 min ago")


def test_an_unknown_claim_is_said_to_be_of_no_use() -> None:
    [row] = explain_token(f"{part({})}.{part({'email': 'a@b'})}.x")
    assert row.meaning == "not a claim that IRSA uses"
