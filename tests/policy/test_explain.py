"""A refusal is explained in plain words, with the nearest fix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from irsa_helpers.policy import Request, evaluate, explain, nearest_fix
from irsa_helpers.policy.evaluate import ConditionResult, Decision
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


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"{PROVIDER}:sub", "the request has no such key; write the issuer without https:// there"),
        (f"HTTPS:{ISSUER}:sub", "the request has no such key; write the issuer without https://"),
        ("aws:username", "the request has no such key"),
    ],
)
def test_a_key_that_the_request_lacks_is_named(key: str, words: str) -> None:
    condition = ConditionResult("StringEquals", key, ("x",), None, False)
    decision = evaluate(Request(PROVIDER, WEB_IDENTITY, ROLE, token()), resource_policy=trust({}))
    [statement] = decision.reasons
    refused = Decision("ImplicitlyDenied", "no", (replace(statement, conditions=(condition,)),))
    assert f"it asks for {key} (StringEquals `x`), and {words}" in explain(refused)
    assert nearest_fix(refused).endswith("such key") == (key == "aws:username")


def test_what_needs_no_mending_has_no_fix() -> None:
    asked = Request(SESSION, "s3:GetObject", f"{BUCKET}/x", {})
    allowed = evaluate(asked, identity_policies=[policy(allow())])
    assert nearest_fix(allowed) == ""
    assert explain(allowed) == "Allowed: statement 1 of the identity policy 1 allows it."
    denied = evaluate(asked, identity_policies=[policy(allow(), deny())])
    assert nearest_fix(denied) == (
        "Remove or narrow the Deny: statement 2 of the identity policy 1 denies it."
    )
    for nothing in ([], [policy(deny("dynamodb:*"))]):
        refused = evaluate(asked, identity_policies=nothing)
        assert nearest_fix(refused) == "Add an Allow statement."
        assert explain(refused).endswith("- there is no Allow statement at all")


def test_the_nearest_fix_is_of_the_statement_that_misses_least() -> None:
    asked = Request(SESSION, "s3:GetObject", f"{BUCKET}/x", {})
    far = allow("s3:PutObject", "arn:aws:s3:::other/*")
    near = allow("s3:GetObject", "arn:aws:s3:::other/*")
    decision = evaluate(asked, identity_policies=[policy(far, near, allow("s3:Put*", "a"))])
    assert nearest_fix(decision) == (
        "statement 2 of the identity policy 1 is about `arn:aws:s3:::other/*`, which is another "
        "resource"
    )


def test_a_caller_that_is_not_trusted_is_told_who_is() -> None:
    bucket_policy = policy(allow(Principal={"AWS": [ROLE, "444455556666"]}))
    asked = Request("arn:aws:iam::111122223333:user/a", "s3:GetObject", f"{BUCKET}/x", {})
    text = explain(evaluate(asked, resource_policy=bucket_policy))
    assert f"trusts `{ROLE}` or `444455556666`, not this caller" in text
    nobody = explain(evaluate(asked, resource_policy=policy(allow(Principal={"AWS": []}))))
    assert "trusts nothing, not this caller" in nobody


def test_the_audience_where_the_subject_was_meant_is_seen_too() -> None:
    request = Request(PROVIDER, WEB_IDENTITY, ROLE, token())
    condition = {"StringEquals": {f"{ISSUER}:aud": SUB}}
    text = explain(evaluate(request, resource_policy=trust(condition)))
    assert text.endswith(":sub and :aud seem to be swapped")


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        ("you", "me"),
        (SUB, "vault"),
        ("vault", SUB),
        ("a:b:c:d", SUB),
        (SUB, "a:b:c:d"),
        (f"{SUB}:more", SUB),
        ("me.amazonaws.com", "you.amazonaws.com"),
    ],
)
def test_values_unlike_each_other_get_no_tip(wanted: str, actual: str) -> None:
    request = Request(PROVIDER, WEB_IDENTITY, ROLE, token(actual))
    text = explain(evaluate(request, resource_policy=trust({"StringEquals": {KEY: wanted}})))
    assert text.endswith(f"`:sub` is `{actual}`; the policy asks for `{wanted}` (StringEquals)")


def test_one_bucket_among_objects_is_seen() -> None:
    document = policy(allow("s3:GetObject", ["arn:aws:s3:::other/*", BUCKET]))
    request = Request(SESSION, "s3:GetObject", f"{BUCKET}/x", {})
    decision = evaluate(request, identity_policies=[document])
    assert "the bucket is without /*" in explain(decision)


@pytest.mark.parametrize(
    ("argument", "name"),
    [("session_policy", "session policy"), ("permissions_boundary", "permissions boundary")],
)
def test_where_a_limit_refuses_only_the_limit_is_to_be_mended(argument: str, name: str) -> None:
    asked = Request(SESSION, "s3:GetObject", f"{BUCKET}/x", {})
    own = [policy(allow("s3:GetObject", "arn:aws:s3:::other/*"), allow())]
    limit: dict[str, Any] = {argument: policy(allow("dynamodb:*"))}
    without_allow: dict[str, Any] = {argument: policy(deny("dynamodb:*"))}
    refused = evaluate(asked, identity_policies=own, **limit)
    sentence = f"statement 1 of the {name} is about `dynamodb:*`, which is another action"
    assert nearest_fix(refused) == sentence
    assert explain(refused) == f"Denied: no {name} statement allows it.\n- {sentence}"
    shut = evaluate(asked, identity_policies=own, **without_allow)
    assert nearest_fix(shut) == f"Add an Allow statement to the {name}."
    assert explain(shut).endswith(f"- the {name} has no Allow statement at all")


def test_what_is_no_bucket_is_not_taken_for_one() -> None:
    queue = "arn:aws:sqs:ap-northeast-2:111122223333:q"
    request = Request(SESSION, "sqs:SendMessage", f"{queue}2", {})
    decision = evaluate(request, identity_policies=[policy(allow("sqs:*", queue))])
    assert explain(decision).endswith(f"is about `{queue}`, which is another resource")
