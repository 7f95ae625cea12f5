"""Step 2, first half: the trust policy, which says who may become the role.

For IRSA "who" is one ServiceAccount of one cluster: the provider's ARN names the cluster, the
condition on `:sub` names the ServiceAccount, and the one on `:aud` says the token was made for STS.
"""

from __future__ import annotations

from typing import Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.policy.trust_findings import Finding, check_trust_policy
from irsa_helpers.policy.trust_rules import (
    WEB_IDENTITY,
    TrustCondition,
    TrustRule,
    condition_prefix,
    describe_trust_policy,
    subject,
)

__all__ = [
    "Finding",
    "TrustCondition",
    "TrustRule",
    "build_trust_policy",
    "check_trust_policy",
    "describe_trust_policy",
    "subject",
]


def build_trust_policy(
    provider_arn: str,
    namespace: str,
    service_account: str,
    *,
    audience: str = "sts.amazonaws.com",
) -> dict[str, Any]:
    """A trust policy that admits one ServiceAccount of one cluster, and nobody else.

    Raises IrsaLabError for a wildcard in a name: under StringEquals `*` is just a character.
    """
    if set("*?") & set(namespace + service_account):
        raise IrsaLabError(
            f"{namespace}/{service_account} holds a wildcard, which StringEquals takes literally",
            next_step="name one ServiceAccount, or write a StringLike condition on purpose",
        )
    issuer = condition_prefix(provider_arn)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": WEB_IDENTITY,
                "Condition": {
                    "StringEquals": {
                        f"{issuer}:sub": subject(namespace, service_account),
                        f"{issuer}:aud": audience,
                    }
                },
            }
        ],
    }
