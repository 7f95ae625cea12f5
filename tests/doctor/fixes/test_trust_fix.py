"""A fix of a trust policy mends the link, and takes the role from nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from irsa_helpers.doctor.fixes.trust_fix import Wanted, admitting, harm, narrowed
from irsa_helpers.policy.admission import TokenFacts, judge_admission
from irsa_helpers.trust import build_trust_policy, check_trust_policy

HOST = "oidc.eks.ap-northeast-2.amazonaws.com/id/"
ISSUER = f"{HOST}0123456789ABCDEF0123456789ABCDEF"
ARNS = "arn:aws:iam::111122223333:oidc-provider/"
PROVIDER = f"{ARNS}{ISSUER}"
GREEN_HOST = f"{HOST}00000000000000000000000000000GREEN"
GITHUB_HOST = "token.actions.githubusercontent.com"
ROLE = "arn:aws:iam::111122223333:role/app"
APP = "system:serviceaccount:default:app"
TOKEN = TokenFacts(PROVIDER, f"https://{ISSUER}", APP, "sts.amazonaws.com")
WANTED = Wanted(ROLE, TOKEN)


def statement(host: str, condition: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Federated": f"{ARNS}{host}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    } | members


def equals(host: str, sub: Any, **more: Any) -> dict[str, Any]:
    return {"StringEquals": {f"{host}:sub": sub, f"{host}:aud": "sts.amazonaws.com"}} | more


GREEN = statement(GREEN_HOST, equals(GREEN_HOST, APP))
GITHUB = statement(GITHUB_HOST, {"StringLike": {f"{GITHUB_HOST}:sub": "repo:org/app:*"}})
OTHER = statement(ISSUER, equals(ISSUER, "system:serviceaccount:other:app"))
PIPELINE = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/pipeline"},
    "Action": "sts:AssumeRole",
}
NETWORK = {"StringEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:SecureTransport": "true"}}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_another_clusters_and_githubs_statements_stay_byte_for_byte() -> None:
    before = policy(GREEN, GITHUB, OTHER, PIPELINE)
    assert {f.severity for f in check_trust_policy(before, PROVIDER)} <= {"advice"}
    after = admitting(before, WANTED)
    assert after is not None
    assert [json.dumps(each) for each in after["Statement"][:-1]] == [
        json.dumps(each) for each in before["Statement"]
    ]
    assert after["Statement"][-1] == build_trust_policy(PROVIDER, "default", "app")["Statement"][0]
    assert WANTED.is_let_in(after)
    assert not harm(before, after, WANTED)


@pytest.mark.parametrize(
    "slip",
    [
        statement(ISSUER, equals(ISSUER, "system:serviceaccount:default:App")),
        statement(ISSUER, equals(ISSUER, "system:serviceaccount:default:app ")),
        statement(ISSUER, equals(ISSUER, APP), Action="sts:AssumeRole"),
        statement(ISSUER, equals(GREEN_HOST, APP)),
        statement(ISSUER, {"StringEquals": {f"{ISSUER}:subject": APP}}),
    ],
)
def test_a_slip_is_put_right_in_its_place_with_what_else_it_asks(slip: dict[str, Any]) -> None:
    condition = {**slip["Condition"], "Bool": {"aws:SecureTransport": "true"}}
    before = policy(GREEN, {**slip, "Sid": "Ours", "Condition": condition})
    after = admitting(before, WANTED)
    assert after is not None
    assert after["Statement"][0] == GREEN
    [mended] = after["Statement"][1:]
    assert mended["Sid"] == "Ours"
    assert mended["Condition"]["Bool"] == {"aws:SecureTransport": "true"}
    assert not check_trust_policy(after, PROVIDER)


def test_what_looks_like_anothers_slip_is_left_as_it_is() -> None:
    theirs = statement(ISSUER, equals(ISSUER, "system:serviceaccount:billing:Nightly"))
    after = admitting(policy(theirs), WANTED)
    assert after is not None
    assert after["Statement"][0] == theirs


def test_conditions_on_the_network_stay_in_the_fix_and_are_unseen() -> None:
    slip = equals(ISSUER, "system:serviceaccount:default:App")
    slip["StringEquals"] |= NETWORK["StringEquals"]
    after = admitting(policy(statement(ISSUER, slip)), WANTED)
    assert after is not None
    [mended] = after["Statement"]
    assert mended["Condition"]["StringEquals"]["aws:SourceVpce"] == "vpce-1"
    assert judge_admission(ROLE, after, TOKEN).unseen == ("aws:SourceVpce",)


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:RequestedRegion": "ap-northeast-2"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
        {"StringLike": {"sts:RoleSessionName": "botocore-session-*"}},
        {"NumericGreaterThan": {"aws:EpochTime": "1"}},
    ],
)
def test_what_every_call_has_is_known(condition: dict[str, Any]) -> None:
    asked = policy(statement(ISSUER, {**equals(ISSUER, APP), **condition}))
    if "StringEquals" in condition:
        asked = policy(
            statement(
                ISSUER,
                {"StringEquals": equals(ISSUER, APP)["StringEquals"] | condition["StringEquals"]},
            )
        )
    judged = judge_admission(ROLE, asked, TOKEN)
    assert judged.decision.allowed
    assert judged.unseen == ()


def test_a_deny_gets_an_exception_and_hits_all_others_as_before() -> None:
    spared = {"StringNotEquals": {f"{ISSUER}:sub": "system:serviceaccount:other:app"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": spared}
    before = policy(OTHER, deny)
    after = admitting(before, WANTED)
    assert after is not None
    assert after["Statement"][0] == OTHER
    assert not harm(before, after, WANTED)
    key = after["Statement"][1]["Condition"]["StringNotEquals"][f"{ISSUER}:sub"]
    assert key == ["system:serviceaccount:other:app", APP]


def test_harm_sees_who_loses_and_who_gains() -> None:
    lost = {each.principal for each in harm(policy(GREEN, PIPELINE, OTHER), policy(OTHER), WANTED)}
    assert lost == {f"{ARNS}{GREEN_HOST}", "arn:aws:iam::111122223333:role/pipeline"}
    wide = policy(OTHER, statement(ISSUER, {"StringLike": {f"{ISSUER}:sub": "system:*"}}))
    gained = [dict(each.context)[f"{ISSUER}:sub"] for each in harm(policy(OTHER), wide, WANTED)]
    assert "system:serviceaccount:of-tomorrow:of-tomorrow" in gained


def test_a_wide_statement_is_narrowed_to_those_who_use_it_and_no_other_is_touched() -> None:
    wide = statement(
        ISSUER, {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:default:*"}, **NETWORK}
    )
    users = ["system:serviceaccount:default:cron", "system:serviceaccount:else:where"]
    after = narrowed(policy(GREEN, wide, PIPELINE), WANTED, users)
    assert after is not None
    first, mended, last = after["Statement"]
    assert (first, last) == (GREEN, PIPELINE)
    assert mended["Condition"]["StringEquals"][f"{ISSUER}:sub"] == [APP, users[0]]
    assert mended["Condition"]["StringEquals"]["aws:SourceVpce"] == "vpce-1"
    assert "StringLike" not in mended["Condition"]


def test_a_statement_of_two_providers_is_divided() -> None:
    both = statement(ISSUER, {}, Principal={"Federated": [f"{ARNS}{GREEN_HOST}", PROVIDER]})
    after = narrowed(policy(both), WANTED, [])
    assert after is not None
    rest, own = after["Statement"]
    assert rest["Principal"] == {"Federated": [f"{ARNS}{GREEN_HOST}"]}
    assert own["Principal"] == {"Federated": PROVIDER}
    assert not [f for f in check_trust_policy(after, PROVIDER) if f.severity != "advice"]
