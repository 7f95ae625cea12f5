"""A refusal is explained in plain words, with the nearest fix."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.policy import Request, evaluate, explain, nearest_fix
from tests.policy.cases import (
    AUD,
    BUCKET,
    ISSUER,
    OTHER_ISSUER,
    PROVIDER,
    ROLE,
    SESSION,
    SUB,
    WEB_IDENTITY,
    allow,
    deny,
    policy,
    token,
    trust,
)

KEY = f"{ISSUER}:sub"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"StringEquals": {KEY: SUB.replace("-sa", "-SA")}}, "StringEquals is case-sensitive"),
        ({"StringEquals": {KEY: SUB.replace("default", "prod")}}, "the namespace differs"),
        ({"StringEquals": {KEY: SUB + "x"}}, "the ServiceAccount differs"),
        (
            {"StringEquals": {KEY: "system:serviceaccount:a:b"}},
            "both namespace and ServiceAccount differ",
        ),
        ({"StringEquals": {KEY: "system:serviceaccount:default:*"}}, "a * is just a character"),
        ({"StringEquals": {KEY: AUD}}, ":sub and :aud seem to be swapped"),
        ({"StringEquals": {KEY: SUB + " "}}, "white space around it"),
        ({"StringEquals": {f"{OTHER_ISSUER}:sub": SUB}}, "the id may be another cluster's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_trust_policys_mistake_is_named(condition: dict[str, Any], words: str) -> None:
    request = Request(PROVIDER, WEB_IDENTITY, ROLE, token())
    decision = evaluate(request, resource_policy=trust(condition))
    assert words in explain(decision)
    assert words in nearest_fix(decision)


def test_what_the_token_says_and_what_the_policy_asks_for_stand_side_by_side() -> None:
    request = Request(PROVIDER, WEB_IDENTITY, ROLE, token())
    wanted = SUB.replace("-sa", "-SA")
    text = explain(evaluate(request, resource_policy=trust({"StringEquals": {KEY: wanted}})))
    assert f"`:sub` is `{SUB}`; the policy asks for `{wanted}`" in text


def test_another_action_is_named() -> None:
    request = Request(PROVIDER, WEB_IDENTITY, ROLE, token())
    text = explain(evaluate(request, resource_policy=trust(None, Action="sts:AssumeRole")))
    assert "is about `sts:AssumeRole`, which is another action" in text


def test_bucket_and_objects_are_told_apart() -> None:
    request = Request(SESSION, "s3:GetObject", f"{BUCKET}/x", {})
    decision = evaluate(request, identity_policies=[policy(allow("s3:GetObject", BUCKET))])
    assert "the objects of a bucket are arn:aws:s3:::BUCKET/*" in explain(decision)


def test_a_deny_is_named() -> None:
    request = Request(SESSION, "s3:GetObject", f"{BUCKET}/x", {})
    document = policy(allow(), deny(Sid="NotThis"))
    text = explain(evaluate(request, identity_policies=[document]))
    assert (
        text == "Denied: NotThis of the identity policy 1 denies it. A Deny wins over every Allow."
    )


def test_a_decision_is_data() -> None:
    request = Request(PROVIDER, WEB_IDENTITY, ROLE, token())
    condition = {"StringEquals": {KEY: "x"}}
    data = evaluate(request, resource_policy=trust(condition)).to_dict()
    [statement] = data["reasons"]
    [found] = statement["conditions"]
    assert data["effect"] == "ImplicitlyDenied"
    assert (found["key"], found["operator"], found["matched"]) == (KEY, "StringEquals", False)
    assert (list(found["wanted"]), list(found["actual"])) == (["x"], [SUB])
