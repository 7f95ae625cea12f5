"""Recorded calls against a policy: which it allows, which it refuses, and what nobody uses."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.policy import PolicyError
from irsa_helpers.policy.recorded import (
    Call,
    calling_roles,
    calls_of,
    judge_calls,
    least_policy,
)

ROLE = "arn:aws:iam::111122223333:role/app"
SESSION = "arn:aws:sts::111122223333:assumed-role/app/s"
BUCKET = "arn:aws:s3:::b"
LIST = Call("s3:ListBucket", BUCKET, True, SESSION, {"s3:prefix": "reports/"})
READ = Call("s3:GetObject", f"{BUCKET}/k", True, SESSION)
WRITE = Call("s3:PutObject", f"{BUCKET}/k", False, SESSION)


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def verdicts(tried: dict[str, Any], *others: dict[str, Any]) -> list[bool]:
    judged = judge_calls(tried, [LIST, READ, WRITE], others)
    return [call["allowed"] for call in judged["calls"]]


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([allow("s3:*")], [True, True, True]),
        ([allow(["s3:ListBucket", "s3:GetObject"])], [True, True, False]),
        ([allow("s3:GetObject", BUCKET)], [False, False, False]),
        ([allow("s3:*"), {**allow("s3:Get*"), "Effect": "Deny"}], [True, False, True]),
        (
            [allow("s3:*", Condition={"StringLike": {"s3:prefix": "reports/*"}})],
            [True, False, False],
        ),
    ],
)
def test_each_call_is_decided_anew(statements: list[dict[str, Any]], allowed: list[bool]) -> None:
    assert verdicts(policy(*statements)) == allowed


def test_the_roles_other_policies_count_as_well() -> None:
    assert verdicts(policy(allow("s3:GetObject")), policy(allow("s3:PutObject"))) == [
        False,
        True,
        True,
    ]


def test_a_refusal_says_why_and_what_to_do() -> None:
    [refused] = judge_calls(policy(allow("s3:GetObject", BUCKET)), [READ])["calls"]
    assert refused["recorded"]
    assert "the objects of a bucket are arn:aws:s3:::BUCKET/*" in refused["fix"]
    assert refused["why"].startswith("Denied: no identity-based policy statement allows it.")


def test_what_no_record_keeps_is_named() -> None:
    here = allow("s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    [call] = judge_calls(policy(here), [READ])["calls"]
    assert call["unseen"] == ["aws:SourceIp"]


def test_each_action_has_the_number_of_calls_that_need_it() -> None:
    tried = policy(
        allow(["s3:ListBucket", "s3:GetObject", "s3:DeleteObject"], Sid="Read"),
        {**allow("s3:PutObject"), "Effect": "Deny"},
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
    )
    grants = judge_calls(tried, [LIST, READ, WRITE])["grants"]
    assert [(each["statement"], each["what"], each["calls"]) for each in grants] == [
        ("Read", "s3:ListBucket", 1),
        ("Read", "s3:GetObject", 1),
        ("Read", "s3:DeleteObject", 0),
        ("statement 2", "s3:PutObject", 1),
        ("statement 3", "all but what NotAction names", 0),
    ]


def test_what_iam_would_not_take_is_refused() -> None:
    with pytest.raises(PolicyError):
        judge_calls(policy(allow("s3:GetObject", Condition={"Sounds": {"a": "b"}})), [READ])


def hop(call: Call, role: str = ROLE, kind: str = "aws-call") -> dict[str, Any]:
    detail = {"action": call.action, "resource": call.resource, "caller_arn": call.caller}
    detail |= {"role_arn": role} | ({"context": call.context} if call.context else {})
    return {"kind": kind, "outcome": "ok" if call.allowed else "denied", "detail": detail}


def test_the_trace_gives_each_call_of_a_role_once() -> None:
    again = Call(LIST.action, LIST.resource, True, SESSION, {"s3:prefix": "other/"})
    hops = [hop(LIST), hop(READ), hop(READ), hop(again), hop(WRITE, f"{ROLE}-2")]
    hops.append(hop(READ, kind="session"))
    assert calls_of(hops, "app") == [LIST, READ, again]
    assert calling_roles([hop(WRITE, f"{ROLE}-2"), *hops[:3]]) == ["app-2", "app"]


def test_the_least_policy_allows_the_calls_and_no_other() -> None:
    assert verdicts(least_policy([LIST, READ])) == [True, True, False]
