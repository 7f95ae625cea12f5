"""Whether a role's trust policy admits a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns, trust
from irsa_helpers.doctor.reading import read_aws
from irsa_helpers.policy import Decision, Request, evaluate, parse_policy
from irsa_helpers.policy.verdicts import Verdicts

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
    return evaluate(_question(token, role_arn), resource_policy=policy)


def _question(token: TokenFacts, role_arn: str) -> Request:
    """What STS asks a role's trust policy about a token."""
    subject, audience = _keys(token.issuer_url)
    return Request(
        principal=token.provider_arn,
        action="sts:AssumeRoleWithWebIdentity",
        resource=role_arn,
        context={
            subject: token.subject,
            audience: token.audience,
            "aws:FederatedProvider": token.provider_arn,
            "sts:RoleSessionName": "botocore-session-1",
        },
    )


def verdicts(role: dict[str, Any], provider_arn: str, issuer_url: str) -> Verdicts:
    """A role's trust policy, to be asked about the subject and the audience of many tokens."""
    policy = parse_policy(role["AssumeRolePolicyDocument"])
    anybody = TokenFacts(provider_arn, issuer_url, "", "")
    return Verdicts(policy, _question(anybody, role["Arn"]), _keys(issuer_url))


def _keys(issuer_url: str) -> tuple[str, str]:
    """The context keys in which the tokens of an issuer differ: subject and audience."""
    prefix = arns.issuer_host_path(issuer_url)
    return f"{prefix}:sub", f"{prefix}:aud"


def all_roles(world: World) -> list[dict[str, Any]]:
    """Every role of your account, as `iam:ListRoles` gives it."""
    pages = world.aws("iam").get_paginator("list_roles").paginate()
    found = read_aws("iam:ListRoles", lambda: list(pages)) or []
    return [role for page in found for role in page["Roles"]]


def trusts(role: dict[str, Any], provider_arn: str) -> bool:
    """Whether a role's trust policy names that provider."""
    rules = trust.describe_trust_policy(role["AssumeRolePolicyDocument"])
    return any(provider_arn in rule.providers for rule in rules)
