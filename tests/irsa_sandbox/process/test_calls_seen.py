"""The console's calls: those of the trace, against the least policy or the one that is tried."""

from __future__ import annotations

import json
from typing import Any

import pytest

from irsa_sandbox.process.calls_seen import calls_seen


def hop(action: str, outcome: str = "ok", role: str = "app") -> dict[str, Any]:
    arn = f"arn:aws:iam::111122223333:role/{role}"
    caller = f"arn:aws:sts::111122223333:assumed-role/{role}/s"
    detail = {"action": action, "resource": "*", "caller_arn": caller, "role_arn": arn}
    return {"kind": "aws-call", "outcome": outcome, "detail": detail}


HOPS = [hop("s3:ListAllMyBuckets"), hop("s3:PutObject", "denied"), hop("s3:Get", role="other")]


def allowed(seen: dict[str, Any]) -> list[bool]:
    return [call["allowed"] for call in seen["verdict"]["calls"]]


def test_the_least_policy_of_what_was_allowed_comes_first() -> None:
    seen = calls_seen(HOPS, "app", None)
    assert seen["roles"] == ["app", "other"]
    assert allowed(seen) == [True, False]
    assert json.loads(seen["policy"])["Statement"][0]["Action"] == ["s3:ListAllMyBuckets"]
    assert calls_seen(HOPS, "no-such-role", None)["role"] == "other"
    assert allowed(calls_seen([HOPS[1]], "app", None)) == [True], "nothing was allowed: all of it"


def test_a_policy_is_tried() -> None:
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    seen = calls_seen(HOPS, "app", text)
    assert allowed(seen) == [False, True]
    assert seen["policy"] == text


@pytest.mark.parametrize(("text", "said"), [("{", "no JSON"), ("{}", "IAM would not take it")])
def test_what_is_no_policy_is_said(text: str, said: str) -> None:
    assert calls_seen(HOPS, "app", text)["verdict"]["error"].startswith(said)


def test_before_any_call_there_is_nothing_to_judge() -> None:
    seen = calls_seen([], "", "{")
    assert seen["roles"] == []
    assert seen["verdict"] == {"error": None, "calls": [], "grants": []}
