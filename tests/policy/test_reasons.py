"""A decision says which statement of which policy made it, or which is missing."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.policy import Request, evaluate
from tests.policy.cases import OBJECT, PROVIDER, ROLE, SESSION, WEB_IDENTITY, allow, deny, policy

NOTHING = policy(allow("dynamodb:*"))
ALL = policy(allow(Sid="All"))
TRUSTING = policy(allow(Principal={"AWS": ROLE}, Sid="Trusted"))
NAMING = policy(allow(Principal={"AWS": SESSION}, Sid="Named"))
STRANGERS = policy(allow(Principal={"AWS": ROLE.replace("irsa", "other")}))


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        ({"identity_policies": [NOTHING, ALL]}, "All of the identity policy 2 allows it"),
        ({"resource_policy": TRUSTING}, "Trusted of the resource policy allows it"),
        (
            {"identity_policies": [ALL], "resource_policy": NAMING},
            "Named of the resource policy allows it",
        ),
        (
            {"identity_policies": [ALL], "resource_policy": TRUSTING},
            "All of the identity policy 1 allows it",
        ),
        ({}, "no identity-based policy statement allows it"),
        ({"resource_policy": STRANGERS}, "no resource-based policy statement allows it"),
        (
            {"identity_policies": [NOTHING], "resource_policy": STRANGERS},
            "no identity-based policy statement allows it",
        ),
        (
            {"identity_policies": [ALL], "session_policy": NOTHING},
            "no session policy statement allows it",
        ),
        (
            {"identity_policies": [ALL], "permissions_boundary": NOTHING},
            "no permissions boundary statement allows it",
        ),
        (
            {"identity_policies": [ALL], "permissions_boundary": policy(deny(Sid="Never"))},
            "Never of the permissions boundary denies it",
        ),
        (
            {"identity_policies": [ALL], "session_policy": policy(deny())},
            "statement 1 of the session policy denies it",
        ),
    ],
)
def test_the_reason_names_the_statement_or_what_is_missing(
    policies: dict[str, Any], reason: str
) -> None:
    asked = Request(SESSION, "s3:GetObject", OBJECT, {})
    assert evaluate(asked, **policies).reason == reason


def test_the_resource_policy_of_a_role_is_its_trust_policy() -> None:
    trusting = policy({"Effect": "Allow", "Principal": "*", "Action": "sts:*"})
    decision = evaluate(Request(PROVIDER, WEB_IDENTITY, ROLE, {}), resource_policy=trusting)
    assert decision.reason == "statement 1 of the trust policy allows it"
    other = policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
    refused = evaluate(Request(PROVIDER, WEB_IDENTITY, ROLE, {}), resource_policy=other)
    assert refused.reason == "no trust policy statement allows it"


def test_every_statement_is_looked_at_and_tells_which_of_its_parts_fits() -> None:
    document = policy(allow("s3:Put*"), allow(resource="arn:aws:s3:::other"), allow())
    asked = Request(SESSION, "s3:GetObject", OBJECT, {})
    decision = evaluate(asked, identity_policies=[document], session_policy=ALL)
    found = [
        (each.policy, each.action_matched, each.resource_matched, each.matched)
        for each in decision.reasons
    ]
    assert found == [
        ("identity policy 1", False, True, False),
        ("identity policy 1", True, False, False),
        ("identity policy 1", True, True, True),
        ("session policy", True, True, True),
    ]
    assert [each["matched"] for each in decision.to_dict()["reasons"]] == [False, False, True, True]
    assert decision.reasons[0].actions == ("s3:Put*",)
    assert decision.reasons[1].resources == ("arn:aws:s3:::other",)


def test_the_case_of_a_context_key_does_not_count() -> None:
    asked = Request(SESSION, "s3:GetObject", OBJECT, {"AWS:username": "a", "aws:TagKeys": ["b"]})
    assert asked.values("aws:UserName") == ("a",)
    assert asked.values("AWS:TAGKEYS") == ("b",)
    assert asked.values("aws:userid") is None
