"""What tokens STS takes, and that no trick gets another one past it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from aws_endpoint import ISSUER, SUBJECT, Endpoint, assume, trust_policy
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey
from trick_tokens import TRICKS, Trick, raw

HTTP = httpx.Client()


def refusal(endpoint: Endpoint, role: str, token: str) -> dict[str, Any]:
    """The error that answers a token."""
    with pytest.raises(ClientError) as refused:
        assume(endpoint, role, token)
    response: dict[str, Any] = refused.value.response
    return response


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.name)
def test_a_trick_token_is_refused_with_its_code(
    endpoint: Endpoint, role: str, trick: Trick
) -> None:
    answer = refusal(endpoint, role, trick.make(endpoint.issuer))
    assert answer["Error"]["Code"] == trick.code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_there_are_enough_tricks() -> None:
    assert len({trick.name for trick in TRICKS}) >= 45


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": "sts.amazonaws.com"},
        {"aud": ["other", "sts.amazonaws.com"]},
        {"aud": ["other"], "azp": "sts.amazonaws.com"},
        {"nbf": None},
        {"jti": None},
        {"kubernetes.io": None},
        {"kubernetes.io": "not an object"},
        {"amr": ["mfa"], "email": "a@example.com", "groups": [1]},
    ],
    ids=str,
)
def test_a_good_token_is_taken(endpoint: Endpoint, role: str, changes: dict[str, Any]) -> None:
    answer = assume(endpoint, role, endpoint.issuer.token(**changes))
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert answer["Audience"] == "sts.amazonaws.com"


def test_a_type_in_the_header_is_taken(endpoint: Endpoint, role: str) -> None:
    header = {"alg": "RS256", "typ": "JWT", "kid": endpoint.issuer.keys.jwks()["keys"][-1]["kid"]}
    token = raw(endpoint.issuer, json.dumps(header), json.dumps(endpoint.issuer.claims()))
    assert assume(endpoint, role, token)["Credentials"]


def test_a_token_of_an_elliptic_curve_key_is_taken(endpoint: Endpoint, role: str) -> None:
    from joserfc import jws

    key = ECKey.generate_key("P-256")
    published = endpoint.issuer.keys.jwks()
    published["keys"].append({**key.as_dict(private=False), "kid": "curve", "use": "sig"})
    endpoint.issuer.documents[f"{ISSUER}/keys"] = published
    endpoint.settings.clock.advance(301)
    header = {"alg": "ES256", "kid": "curve"}
    token = jws.serialize_compact(header, json.dumps(endpoint.issuer.claims()), key)
    try:
        assert assume(endpoint, role, token)["Credentials"]
    finally:
        endpoint.issuer.documents.clear()


def test_a_new_signing_key_is_fetched_and_an_unknown_one_not_over_and_over(
    endpoint: Endpoint, role: str, tmp_path: Any
) -> None:
    keys = endpoint.issuer.keys
    assume(endpoint, role)
    keys._directory = tmp_path
    keys.rotate()
    endpoint.settings.clock.advance(6)
    before = len(endpoint.issuer.fetched)
    assert assume(endpoint, role)["Credentials"]
    assert len(endpoint.issuer.fetched) == before + 2
    unknown = raw(
        endpoint.issuer, '{"alg":"RS256","kid":"unknown"}', json.dumps(endpoint.issuer.claims())
    )
    for _ in range(3):
        refusal(endpoint, role, unknown)
    assert len(endpoint.issuer.fetched) == before + 2


def test_a_token_of_a_retired_key_is_refused_once_the_kept_keys_are_old(
    endpoint: Endpoint, role: str, tmp_path: Any
) -> None:
    keys = endpoint.issuer.keys
    keys._directory = tmp_path
    old = endpoint.issuer.token()
    keys.rotate()
    keys.retire_old()
    endpoint.settings.clock.advance(301)
    message = refusal(endpoint, role, old)["Error"]["Message"]
    assert message.startswith("Couldn't retrieve verification key from your identity provider,  ")


def test_two_keys_of_one_id_verify_nothing(endpoint: Endpoint, role: str) -> None:
    published = endpoint.issuer.keys.jwks()
    published["keys"] *= 2
    endpoint.issuer.documents[f"{ISSUER}/keys"] = published
    endpoint.settings.clock.advance(301)
    try:
        answer = refusal(endpoint, role, endpoint.issuer.token())
    finally:
        endpoint.issuer.documents.clear()
        endpoint.settings.clock.advance(301)
    assert answer["Error"]["Code"] == "InvalidIdentityToken"


@pytest.mark.parametrize("change", [{"use": "enc"}, {"key_ops": ["sign"]}, {"kty": "oct"}])
def test_a_key_that_is_not_for_verifying_verifies_nothing(
    endpoint: Endpoint, role: str, change: dict[str, Any]
) -> None:
    published = endpoint.issuer.keys.jwks()
    published["keys"] = [key | change for key in published["keys"]]
    endpoint.issuer.documents[f"{ISSUER}/keys"] = published
    endpoint.settings.clock.advance(301)
    try:
        answer = refusal(endpoint, role, endpoint.issuer.token())
    finally:
        endpoint.issuer.documents.clear()
        endpoint.settings.clock.advance(301)
    assert answer["Error"]["Code"] == "InvalidIdentityToken"


def test_several_audiences_reach_the_trust_policy_as_the_one_that_matched(
    endpoint: Endpoint, role: str
) -> None:
    before = max((hop["seq"] for hop in endpoint.trace.since()), default=0)
    assume(endpoint, role, endpoint.issuer.token(aud=["other", "sts.amazonaws.com"]))
    decided = next(hop for hop in endpoint.trace.since(before) if hop["kind"] == "trust-policy")
    conditions = decided["detail"]["decision"]["reasons"][0]["conditions"]
    actual = {each["key"].rpartition(":")[2]: each["actual"] for each in conditions}
    assert tuple(actual["aud"]) == ("sts.amazonaws.com",)


def test_a_trust_policy_may_ask_for_the_region(endpoint: Endpoint, role: str) -> None:
    """`aws:RequestedRegion` is in every request. Source: IAM User Guide, global condition keys."""
    policy, iam = trust_policy(), endpoint.client("iam")
    asked = policy["Statement"][0]["Condition"]["StringEquals"]
    for region, admitted in (("ap-northeast-2", True), ("eu-central-1", False)):
        asked["aws:RequestedRegion"] = region
        iam.update_assume_role_policy(
            RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(policy)
        )
        if admitted:
            assume(endpoint, role)
        else:
            assert (
                refusal(endpoint, role, endpoint.issuer.token())["Error"]["Code"] == "AccessDenied"
            )


@settings(max_examples=150, deadline=None)
@given(token=st.text(max_size=400) | st.from_regex(r"[\w-]{1,80}\.[\w-]{1,80}\.[\w-]{0,80}"))
def test_no_made_up_token_gets_credentials_or_breaks_sts(
    endpoint: Endpoint, role: str, token: str
) -> None:
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": "fuzz",
        "WebIdentityToken": token.encode("utf-8", "replace").decode(),
    }
    answer = HTTP.post(endpoint.url, data=form)
    assert answer.status_code == 400, answer.text
    assert "<Credentials>" not in answer.text


@pytest.fixture
def trusted(endpoint: Endpoint, role: str) -> Iterator[Callable[[Any], None]]:
    """Gives the role another trust policy, for a test."""

    def change(document: Any) -> None:
        name = role.rpartition("/")[2]
        endpoint.client("iam").update_assume_role_policy(
            RoleName=name, PolicyDocument=json.dumps(document)
        )

    yield change
    change(trust_policy())


@pytest.mark.parametrize(
    ("claims", "name", "asked", "admitted"),
    [
        ({"email": "a@b"}, "email", {"StringEquals": "a@b"}, True),
        ({"email": "a@b"}, "email", {"StringEquals": "b@a"}, False),
        ({}, "email", {"Null": "true"}, True),
        ({"email": None}, "email", {"Null": "true"}, True),
        ({"email": 1}, "email", {"Null": "true"}, True),
        ({"amr": ["a", "b"]}, "amr", {"ForAnyValue:StringEquals": "b"}, True),
        ({"amr": ["a", 1]}, "amr", {"Null": "true"}, True),
        ({"groups": ["x"]}, "groups", {"Null": "true"}, True),
        ({"aud": ["sts.amazonaws.com"]}, "oaud", {"StringEquals": "sts.amazonaws.com"}, True),
        ({"aud": ["a", "sts.amazonaws.com"]}, "oaud", {"ForAnyValue:StringEquals": "a"}, True),
    ],
)
def test_a_trust_policy_may_ask_for_some_claims(
    endpoint: Endpoint,
    role: str,
    trusted: Callable[[Any], None],
    claims: dict[str, Any],
    name: str,
    asked: dict[str, str],
    admitted: bool,
) -> None:
    [(operator, value)] = asked.items()
    block = trust_policy()["Statement"][0]["Condition"]
    own = {f"{ISSUER.removeprefix('https://')}:{name}": value}
    block[operator] = block.get(operator, {}) | own
    trusted(trust_policy(Condition=block))
    token = endpoint.issuer.token(**claims)
    if admitted:
        assert assume(endpoint, role, token)["SubjectFromWebIdentityToken"] == SUBJECT
    else:
        assert refusal(endpoint, role, token)["Error"]["Code"] == "AccessDenied"
