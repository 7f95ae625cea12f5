"""Whether a role's trust policy admits a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns, trust
from irsa_helpers.doctor.reading import read_aws
from irsa_helpers.policy import Decision, Request, evaluate

if TYPE_CHECKING:
    from irsa_helpers.worlds import World


@dataclass(frozen=True)
class TokenFacts:
    """What of a token matters to a trust policy."""

    provider_arn: str
    issuer_url: str
    subject: str
    audience: str


def admission(role: dict[str, Any], token: TokenFacts) -> Decision:
    """What the trust policy of a role (as `iam:GetRole` gives it) says to that token."""
    return ask_trust_policy(role["Arn"], role["AssumeRolePolicyDocument"], token)


def ask_trust_policy(role_arn: str, policy: dict[str, Any], token: TokenFacts) -> Decision:
    """What a trust policy of that role says to a token."""
    prefix = arns.issuer_host_path(token.issuer_url)
    request = Request(
        principal=token.provider_arn,
        action="sts:AssumeRoleWithWebIdentity",
        resource=role_arn,
        context={
            f"{prefix}:sub": token.subject,
            f"{prefix}:aud": token.audience,
            "aws:FederatedProvider": token.provider_arn,
            "sts:RoleSessionName": "botocore-session-1",
        },
    )
    return evaluate(request, resource_policy=policy)


def all_roles(world: World) -> list[dict[str, Any]]:
    """Every role of your account, as `iam:ListRoles` gives it."""
    pages = world.aws("iam").get_paginator("list_roles").paginate()
    found = read_aws("iam:ListRoles", lambda: list(pages)) or []
    return [role for page in found for role in page["Roles"]]


def trusts(role: dict[str, Any], provider_arn: str) -> bool:
    """Whether a role's trust policy names that provider."""
    rules = trust.describe_trust_policy(role["AssumeRolePolicyDocument"])
    return any(provider_arn in rule.providers for rule in rules)
