"""Whom a whole trust policy lets in, asked of the evaluator: its Denies count as well."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.policy.document import PolicyError
from irsa_helpers.policy.evaluate import Decision, Request, evaluate
from irsa_helpers.policy.trust_rules import (
    WEB_IDENTITY,
    condition_prefix,
    describe_trust_policy,
    subject,
)
from irsa_helpers.policy.unseen import is_of_token, reading

if TYPE_CHECKING:
    from collections.abc import Mapping

AUDIENCE = "sts.amazonaws.com"
ROLE = "arn:aws:iam::111122223333:role/any"  # A trust policy names no resource: any role will do.


@dataclass(frozen=True)
class Door:
    """A trust policy and the provider whose tokens are shown to it."""

    policy: Mapping[str, Any]
    provider_arn: str

    @classmethod
    def of(cls, policy: Mapping[str, Any] | str, provider_arn: str) -> Door:
        """The door of a policy as IAM gives it, or as JSON text."""
        return cls(json.loads(policy) if isinstance(policy, str) else policy, provider_arn)

    def admits(self, namespace: str, account: str) -> bool:
        """Whether that ServiceAccount may get in; so where the policy cannot be read."""
        try:
            return any(decision.allowed for decision in self._ask(namespace, account))
        except PolicyError:
            return True

    def denial(self, namespace: str, account: str) -> str:
        """Which Deny shuts that ServiceAccount out; empty where none does."""
        try:
            decisions = self._ask(namespace, account)
        except PolicyError:
            return ""
        if any(decision.effect != "ExplicitlyDenied" for decision in decisions):
            return ""
        return decisions[0].reason

    def _ask(self, namespace: str, account: str) -> list[Decision]:
        """What the policy says, for each audience that it knows.

        Every condition on other things than the token is taken as met.
        """
        issuer = condition_prefix(self.provider_arn)
        policy = reading(self.policy, is_of_token, hopeful=True)
        rules = describe_trust_policy(self.policy)
        audiences = {AUDIENCE, *(value for rule in rules for value in rule.audiences)}
        return [
            evaluate(
                Request(
                    self.provider_arn,
                    WEB_IDENTITY,
                    ROLE,
                    {
                        f"{issuer}:sub": subject(namespace, account),
                        f"{issuer}:aud": audience,
                        f"{issuer}:oaud": audience,
                    },
                ),
                resource_policy=policy,
            )
            for audience in sorted(audiences)
        ]
