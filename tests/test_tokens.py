"""A projected token can be read and explained, without taking it for checked."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from irsa_helpers import course, roles
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.tokens import decode_unverified, explain_token, request_token, show_to_sts
from irsa_helpers.worlds import World

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


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "in 0 min"),
        (29, "in 0 min"),
        (31, "in 1 min"),
        (59 * 60, "in 59 min"),
        (3600, "in 1 h 0 min"),
        (3660, "in 1 h 1 min"),
        (-60, "1 min ago"),
        (-7500, "2 h 5 min ago"),
    ],
)
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_a_distance_is_in_hours_and_minutes(claim: str, seconds: int, words: str) -> None:
    token = f"{part({})}.{part({claim: int(NOW.timestamp()) + seconds})}.x"
    [row] = explain_token(token, now=NOW)
    assert row.meaning.endswith(f"; {words}")
    [without_now] = explain_token(token)
    assert ";" not in without_now.meaning


@pytest.mark.parametrize("claims", [{"exp": "soon"}, {"size": 3}, {"kubernetes.io": "x"}])
def test_what_has_the_wrong_form_is_shown_as_it_is(claims: dict[str, Any]) -> None:
    [row] = explain_token(f"{part({})}.{part(claims)}.x", now=NOW)
    [(claim, value)] = claims.items()
    assert (row.claim, row.value) == (claim, value if isinstance(value, str) else str(value))
    assert ";" not in row.meaning


def test_objects_are_shown_by_name_and_uid_and_only_kubernetes_are_taken_apart() -> None:
    other = {"a": {"b": "c", "d": "e"}}
    rows = {row.claim: row for row in explain_token(f"{part({})}.{part(CLAIMS | other)}.x")}
    assert rows["kubernetes.io.pod"].value == "s3-access-app-1 1"
    assert rows["a"].value == "c e"
    meanings = {claim: rows[f"kubernetes.io.{claim}"].meaning for claim in ("pod", "namespace")}
    assert meanings["pod"].startswith("the Pod's name and uid; ")
    assert meanings["namespace"].startswith("noted by Kubernetes; ")


def test_the_time_from_which_the_api_server_warns_is_not_one_for_aws() -> None:
    claims = {"kubernetes.io": {"warnafter": 1}}
    [row] = explain_token(f"{part({})}.{part(claims)}.x")
    assert row.meaning.endswith("AWS does not look at it")


def test_a_row_is_printed_on_two_lines() -> None:
    [row] = explain_token(f"{part({})}.{part({'aud': 'a'})}.x")
    claim, meaning = str(row).split("\n")
    assert claim.split() == ["aud", "a"]
    assert meaning.strip() == row.meaning
    assert claim.index("a", 3) == len(meaning) - len(row.meaning), "one below the other"


def test_an_unknown_claim_is_said_to_be_of_no_use() -> None:
    [row] = explain_token(f"{part({})}.{part({'email': 'a@b'})}.x")
    assert row.meaning == "not a claim that IRSA uses"


def test_a_token_is_asked_for_and_shown_as_an_sdk_does(world: World) -> None:
    course.catch_up(world, through="service-account")
    role = roles.role_arn(world, course.ROLE)
    token = request_token(world, course.SERVICE_ACCOUNT)
    claims = decode_unverified(token).claims
    assert claims["aud"] == ["sts.amazonaws.com"]
    assert claims["exp"] - claims["iat"] == 600
    assert f":assumed-role/{course.ROLE}/" in show_to_sts(world, token, role)
    other = request_token(world, course.SERVICE_ACCOUNT, audience="vault")
    assert show_to_sts(world, other, role) == "InvalidIdentityToken: Incorrect token audience"
