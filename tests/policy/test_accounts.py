"""A resource in another account takes the consent of both sides, wherever its ARN shows one."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.policy import Request, evaluate

OWN, OTHER = "111122223333", "444455556666"
USER = f"arn:aws:iam::{OWN}:user/me"
SESSION = f"arn:aws:sts::{OWN}:assumed-role/app/pod"
TABLE = f"arn:aws:dynamodb:ap-northeast-2:{OTHER}:table/t"
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def granting(principal: Any, resource: str = TABLE) -> dict[str, Any]:
    """A resource policy that lets somebody do anything."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def asked(principal: str, resource: str = TABLE, action: str = "dynamodb:GetItem") -> Request:
    return Request(principal, action, resource, {})


@pytest.mark.parametrize("principal", [USER, SESSION, f"arn:aws-cn:iam::{OWN}:role/app"])
def test_the_callers_own_policies_are_not_enough(principal: str) -> None:
    decision = evaluate(asked(principal), identity_policies=[ANYTHING])
    assert decision.effect == "ImplicitlyDenied"
    assert f"of account {OTHER}" in decision.reason


@pytest.mark.parametrize("trusted", ["*", {"AWS": USER}, {"AWS": OWN}])
def test_neither_is_the_resources_policy(trusted: Any) -> None:
    request = asked(USER)
    assert evaluate(request, resource_policy=granting(trusted)).effect == "ImplicitlyDenied"
    both = evaluate(request, identity_policies=[ANYTHING], resource_policy=granting(trusted))
    assert both.allowed


def test_a_boundary_or_a_session_policy_of_the_own_side_counts() -> None:
    nothing = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    for limit in ({"permissions_boundary": nothing}, {"session_policy": nothing}):
        decision = evaluate(
            asked(SESSION), identity_policies=[ANYTHING], resource_policy=granting("*"), **limit
        )
        assert decision.effect == "ImplicitlyDenied"


@pytest.mark.parametrize(
    "resource",
    [TABLE.replace(OTHER, OWN), "arn:aws:s3:::bucket/key", "*", "arn:aws:iam::aws:policy/View"],
)
def test_where_no_other_account_is_shown_one_side_is_enough(resource: str) -> None:
    assert evaluate(asked(USER, resource), identity_policies=[ANYTHING]).allowed


@pytest.mark.parametrize(
    "principal", ["ec2.amazonaws.com", f"arn:aws:iam::{OWN}:oidc-provider/issuer/id/A"]
)
def test_who_has_no_policies_of_its_own_needs_none(principal: str) -> None:
    role = f"arn:aws:iam::{OTHER}:role/r"
    trust = granting("*", role)
    assert evaluate(asked(principal, role, "sts:AssumeRole"), resource_policy=trust).allowed


def test_a_role_of_another_account_takes_both() -> None:
    role = f"arn:aws:iam::{OTHER}:role/r"
    trust = granting({"AWS": OWN}, role)
    request = asked(USER, role, "sts:AssumeRole")
    assert not evaluate(request, resource_policy=trust).allowed
    assert evaluate(request, identity_policies=[ANYTHING], resource_policy=trust).allowed


def test_a_denial_stays_one() -> None:
    denying = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
    decision = evaluate(asked(USER), identity_policies=[ANYTHING, denying])
    assert decision.effect == "ExplicitlyDenied"
