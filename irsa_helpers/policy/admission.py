"""Whether a role's trust policy admits a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from irsa_helpers.ground import arns
from irsa_helpers.ground.times import stamp
from irsa_helpers.policy import Decision, Request, evaluate, parse_policy
from irsa_helpers.policy.trust_rules import WEB_IDENTITY
from irsa_helpers.policy.unseen import Judgement, judge, knows, reading
from irsa_helpers.policy.verdicts import Verdicts

SESSION_NAME = "botocore-session-1"  # As botocore makes it up, where the Pod names none.


@dataclass(frozen=True)
class TokenFacts:
    """What matters to a trust policy: of a token, and of the call that shows it to STS.

    `region` is the one whose STS is called; empty stands for the cluster's.
    """

    provider_arn: str
    issuer_url: str
    subject: str
    audience: str
    session_name: str = SESSION_NAME
    region: str = ""


def admission(role: dict[str, Any], token: TokenFacts) -> Decision:
    """What the trust policy of a role (as `iam:GetRole` gives it) says to that token.

    What cannot be seen from outside, such as the caller's address, is taken for its good.
    """
    return ask_trust_policy(role["Arn"], role["AssumeRolePolicyDocument"], token)


def ask_trust_policy(role_arn: str, policy: dict[str, Any], token: TokenFacts) -> Decision:
    """What a trust policy of that role says to a token; see `admission`."""
    return judge_admission(role_arn, policy, token).decision


def judge_admission(role_arn: str, policy: dict[str, Any], token: TokenFacts) -> Judgement:
    """What a trust policy says to a token, and which keys that cannot be seen it hangs on."""
    request = Request(token.provider_arn, WEB_IDENTITY, role_arn, _context(token))
    return judge(
        [policy], knows(request), lambda read: evaluate(request, resource_policy=read(policy))
    )


def verdicts(role: dict[str, Any], provider_arn: str, issuer_url: str) -> Verdicts:
    """A role's trust policy, to be asked about the `token_keys` of many tokens; see `admission`."""
    anybody = TokenFacts(provider_arn, issuer_url, "", "")
    request = Request(provider_arn, WEB_IDENTITY, role["Arn"], _context(anybody))
    policy = reading(role["AssumeRolePolicyDocument"], knows(request), hopeful=True)
    return Verdicts(parse_policy(policy), request, token_keys(issuer_url))


def token_keys(issuer_url: str) -> tuple[str, str, str]:
    """The context keys in which tokens of an issuer differ: subject, and twice the audience."""
    prefix = arns.issuer_host_path(issuer_url)
    return f"{prefix}:sub", f"{prefix}:aud", f"{prefix}:oaud"


def _context(token: TokenFacts) -> dict[str, str]:
    """The condition keys of the call. Source: IAM User Guide, "IAM and AWS STS condition context
    keys" and "AWS global condition context keys".
    """
    subject, audience, original = token_keys(token.issuer_url)
    return {
        subject: token.subject,
        audience: token.audience,
        original: token.audience,
        "aws:FederatedProvider": token.provider_arn,
        "sts:RoleSessionName": token.session_name,
        **of_every_call(token.region or subject.split(".")[2]),
    }


def of_every_call(region: str) -> dict[str, str]:
    """The condition keys that a call to that region has, whoever makes it."""
    now = datetime.now(UTC)
    return {
        "aws:CurrentTime": stamp(now),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:SecureTransport": "true",
        "aws:RequestedRegion": region,
    }
