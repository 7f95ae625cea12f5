"""Whether a role's trust policy admits a token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns, trust
from irsa_helpers.doctor.reading import read_aws
from irsa_helpers.policy import Decision, Request, evaluate

if TYPE_CHECKING:
    from irsa_helpers.world import World


@dataclass(frozen=True)
class TokenFacts:
    """What of a token matters to a trust policy."""

    provider_arn: str
    issuer_url: str
    subject: str
    audience: str


def admission(role: dict[str, Any], token: TokenFacts) -> Decision:
    """What the trust policy of a role (as `iam:GetRole` gives it) says to that token."""
    prefix = arns.issuer_host_path(token.issuer_url)
    request = Request(
        principal=token.provider_arn,
        action="sts:AssumeRoleWithWebIdentity",
        resource=role["Arn"],
        context={
            f"{prefix}:sub": token.subject,
            f"{prefix}:aud": token.audience,
            "aws:FederatedProvider": token.provider_arn,
            "sts:RoleSessionName": "botocore-session-1",
        },
    )
    return evaluate(request, resource_policy=role["AssumeRolePolicyDocument"])


def trusting_roles(world: World, provider_arn: str) -> Iterator[dict[str, Any]]:
    """The account's roles whose trust policy names that provider."""
    pages = world.aws("iam").get_paginator("list_roles").paginate()
    for page in read_aws("iam:ListRoles", lambda: list(pages)) or []:
        for role in page["Roles"]:
            rules = trust.describe_trust_policy(role["AssumeRolePolicyDocument"])
            if any(provider_arn in rule.providers for rule in rules):
                yield role
