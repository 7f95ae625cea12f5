"""A policy that is asked by many says to each what it would say to that one alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from irsa_helpers.policy import Request, evaluate, parse_policy
from irsa_helpers.policy.verdicts import Verdicts

PROVIDER = "arn:aws:iam::111122223333:oidc-provider/issuer"
ROLE = "arn:aws:iam::111122223333:role/app"
SUBJECT, AUDIENCE = "issuer:sub", "issuer:aud"
VALUES = ["a:x", "a:xy", "A:X", "b:*", "*", "a:*", "?:x", "", "${issuer:sub}", "${*}", "true"]
OPERATORS = [
    *("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"),
    *("StringLikeIfExists", "ForAnyValue:StringLike", "ForAllValues:StringNotEquals", "Null"),
    *("ArnLike", "NumericEquals", "Bool"),
]
KEYS = [SUBJECT, "Issuer:SUB", AUDIENCE, "sts:RoleSessionName", "aws:username"]

values = st.one_of(st.sampled_from(VALUES), st.lists(st.sampled_from(VALUES), min_size=1))
lines = st.dictionaries(st.sampled_from(KEYS[1:]), values, min_size=1, max_size=2)
conditions = st.dictionaries(st.sampled_from(OPERATORS), lines, max_size=3)
statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Principal": st.sampled_from([{"Federated": PROVIDER}, {"Federated": "other"}]),
        "Action": st.just("sts:AssumeRoleWithWebIdentity"),
        "Condition": conditions,
    }
)
policies = st.fixed_dictionaries(
    {
        "Version": st.sampled_from(["2012-10-17", "2008-10-17"]),
        "Statement": st.lists(statements, min_size=1, max_size=3),
    }
)
callers = st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)), min_size=1)


ONE_NAMES_THE_OTHER = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {AUDIENCE: "${issuer:sub}"}},
    },
}


@given(policies, callers)
@example(ONE_NAMES_THE_OTHER, [("a:x", "a:x"), ("a:x", "b:*")])
def test_each_caller_hears_what_it_would_hear_alone(
    body: dict[str, Any], asked: list[tuple[str, str]]
) -> None:
    policy = parse_policy(body)
    context = {"sts:RoleSessionName": "a:x"}
    request = Request(PROVIDER, "sts:AssumeRoleWithWebIdentity", ROLE, context)
    verdicts = Verdicts(policy, request, (SUBJECT, AUDIENCE))
    for subject, audience in asked:
        alone = replace(request, context={**context, SUBJECT: subject, AUDIENCE: audience})
        expected = evaluate(alone, resource_policy=policy).allowed
        assert verdicts.allows(subject, audience) is expected, (subject, audience)
