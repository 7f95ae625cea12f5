"""What cannot be seen from outside is told apart from what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy.unseen import Judgement, judge, knows, reading

REQUEST = Request("arn:aws:iam::111122223333:role/app", "s3:GetObject", "arn:aws:s3:::b/k", {})
PLACE = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
DENY = ALLOW | {"Effect": "Deny"}


def judged(*statements: dict[str, Any]) -> Judgement:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    sees = knows(REQUEST)
    return judge([policy], sees, lambda read: evaluate(REQUEST, identity_policies=[read(policy)]))


@pytest.mark.parametrize(
    ("statements", "allowed", "unseen"),
    [
        ([ALLOW], True, ()),
        ([ALLOW | {"Condition": PLACE}], True, ("aws:SourceVpce",)),
        ([ALLOW, DENY | {"Condition": PLACE}], True, ("aws:SourceVpce",)),
        ([ALLOW, ALLOW | {"Sid": "B", "Condition": PLACE}], True, ()),
        ([DENY | {"Condition": PLACE}], False, ()),
        ([ALLOW, DENY], False, ()),
        ([ALLOW | {"Condition": {"StringEquals": {"aws:RequestTag/x": "y"}}}], False, ()),
    ],
)
def test_a_decision_hangs_on_unseen_keys_or_it_does_not(
    statements: list[dict[str, Any]], allowed: bool, unseen: tuple[str, ...]
) -> None:
    found = judged(*statements)
    assert (found.decision.allowed, found.unseen) == (allowed, unseen)


def test_a_reading_leaves_what_is_seen_as_it_is() -> None:
    both = {"StringEquals": {"aws:SourceVpce": "vpce-1", "aws:RequestedRegion": "x"}}
    policy = {"Statement": ALLOW | {"Condition": both}}
    kept = reading(policy, knows(REQUEST), hopeful=True)["Statement"]
    assert kept == [ALLOW | {"Condition": {"StringEquals": {"aws:RequestedRegion": "x"}}}]
