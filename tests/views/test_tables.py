"""A decision as a table: which condition, what the policy wanted, what the token had."""

from __future__ import annotations

from typing import Any

from irsa_helpers.policy import Decision, Request, evaluate
from irsa_helpers.views import decision_table

SUBJECT = "system:serviceaccount:default:enginrect-sa"


def decide(*issuers: str) -> Decision:
    """A token of the first issuer before a trust policy that asks for the `sub` of all."""
    providers = [f"arn:aws:iam::111122223333:oidc-provider/{issuer}" for issuer in issuers]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Federated": providers},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:sub": SUBJECT.upper() for issuer in issuers}},
    }
    claims = {f"{issuers[0]}:sub": SUBJECT}
    request = Request(
        providers[0], "sts:AssumeRoleWithWebIdentity", "arn:aws:iam::1:role/r", claims
    )
    return evaluate(request, resource_policy={"Version": "2012-10-17", "Statement": statement})


def test_a_condition_is_named_by_its_claim() -> None:
    table = decision_table(decide("oidc.example.com/id/AAAA"))
    assert [row[0] for row in table.rows] == ["`:sub` StringEquals"]
    assert "trust policy: `:sub` is" in table.note


def test_conditions_of_two_issuers_are_told_apart() -> None:
    table = decision_table(decide("oidc.example.com/id/AAAA", "oidc.example.com/id/BBBB"))
    assert [row[0] for row in table.rows] == [
        "`…AAAA:sub` StringEquals",
        "`…BBBB:sub` StringEquals",
    ]
