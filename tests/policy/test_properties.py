"""What must hold of every policy and every request."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from irsa_helpers.policy import PolicyError, Request, evaluate, explain, parse_policy
from tests.policy import random_cases as dice
from tests.policy.cases import policy

SEEDS = st.integers(min_value=0, max_value=2**32)
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["*", "${aws:username}", "${", "${*}", "a:b", "arn:"]
)
VALUES = TEXTS | st.lists(TEXTS, max_size=3) | st.booleans() | st.integers()
OPERATORS = st.sampled_from(
    ["StringEquals", "StringLike", "ArnLike", "NumericLessThan", "DateEquals", "IpAddress", "Bool"]
)
CONDITIONS = st.dictionaries(OPERATORS, st.dictionaries(TEXTS, VALUES, max_size=2), max_size=2)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": VALUES},
    optional={"Resource": VALUES, "Condition": CONDITIONS, "Principal": VALUES},
)
DOCUMENTS = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": st.lists(STATEMENTS, min_size=1, max_size=3)}
)
REQUESTS = st.builds(
    Request, TEXTS, TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS), max_size=3)
)


@given(DOCUMENTS, REQUESTS)
def test_a_parsed_policy_never_raises(document: dict[str, Any], request: Request) -> None:
    try:
        parsed = parse_policy(document)
    except PolicyError:
        return
    decision = evaluate(request, identity_policies=[parsed], resource_policy=parsed)
    assert explain(decision)
    assert decision.to_dict()["effect"] == decision.effect


def refusal(text: str) -> str:
    """The code with which a text is refused as a policy, nothing where it is taken."""
    try:
        parse_policy(text)
    except PolicyError as error:
        return error.code
    return ""


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    assert refusal(text) in ("", "MalformedPolicyDocument")


def made(seed: int) -> tuple[dict[str, Any], Request, dict[str, Any]]:
    """A policy, a request and one more statement."""
    source = random.Random(seed)
    case = dice.identity_case(source, 0)
    request = Request(case["principal"], case["action"], case["resource"], case["context"])
    return dice.random_policy(source), request, dice.statement(source)


@given(SEEDS)
@settings(max_examples=300)
def test_a_deny_is_never_lost_by_another_statement(seed: int) -> None:
    document, request, more = made(seed)
    before = evaluate(request, identity_policies=[document])
    after = evaluate(request, identity_policies=[policy(*document["Statement"], more)])
    if before.effect == "ExplicitlyDenied":
        assert after.effect == "ExplicitlyDenied"


@given(SEEDS)
@settings(max_examples=300)
def test_an_allow_never_takes_a_right_away(seed: int) -> None:
    document, request, more = made(seed)
    before = evaluate(request, identity_policies=[document])
    longer = policy(*document["Statement"], more | {"Effect": "Allow"})
    if before.allowed:
        assert evaluate(request, identity_policies=[longer]).allowed


@given(SEEDS)
@settings(max_examples=300)
def test_a_boundary_and_a_session_policy_never_give_a_right(seed: int) -> None:
    document, request, _ = made(seed)
    limits = {"permissions_boundary": dice.random_policy(random.Random(seed + 1))}
    limits["session_policy"] = dice.random_policy(random.Random(seed + 2))
    if not evaluate(request, identity_policies=[document]).allowed:
        assert not evaluate(request, identity_policies=[document], **limits).allowed
