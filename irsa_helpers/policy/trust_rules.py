"""A trust policy read as rules: whom it admits, and on which conditions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.arns import Arn
from irsa_helpers.policy.lists import listed, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
PROVIDER = "oidc-provider/"
SUBJECT = "system:serviceaccount:"


def subject(namespace: str, service_account: str) -> str:
    """The `sub` claim of a ServiceAccount's tokens: `system:serviceaccount:NAMESPACE:NAME`."""
    return f"{SUBJECT}{namespace}:{service_account}"


def condition_prefix(provider_arn: str) -> str:
    """What stands before `:sub` and `:aud` in condition keys: the issuer without `https://`.

    Raises IrsaLabError where the ARN is not that of an IAM OIDC provider.
    """
    resource = Arn.parse(provider_arn).resource
    if not resource.startswith(PROVIDER):
        raise IrsaLabError(
            f"{provider_arn} is not the ARN of an IAM OIDC provider",
            next_step="pass oidc.provider_arn(world)",
        )
    return resource.removeprefix(PROVIDER)


@dataclass(frozen=True)
class TrustCondition:
    """One line of a Condition block: every value of `values` is an alternative."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def issuer(self) -> str:
        """The part of the key before the claim, e.g. `oidc.eks…/id/EXAMPLE`, or `aws`."""
        return self.key.rpartition(":")[0]

    @property
    def claim(self) -> str:
        """The claim that the key names, in small letters, since IAM ignores case in keys."""
        return self.key.rpartition(":")[2].lower()

    def __str__(self) -> str:
        return f"{self.operator} {self.key} = {' or '.join(self.values)}"


@dataclass(frozen=True)
class TrustRule:
    """One statement of a trust policy: whom it admits, to do what, and on which conditions."""

    effect: str
    actions: tuple[str, ...]
    principals: tuple[str, ...]
    conditions: tuple[TrustCondition, ...]

    @property
    def providers(self) -> tuple[str, ...]:
        """The ARNs of the OIDC providers among the principals."""
        federated = (p for p in self.principals if p.startswith("Federated "))
        return tuple(p.removeprefix("Federated ") for p in federated if f":{PROVIDER}" in p)

    @property
    def issuers(self) -> tuple[str, ...]:
        """The issuers of those providers, without `https://`."""
        return tuple(arn.partition(PROVIDER)[2] for arn in self.providers)

    def on(self, claim: str) -> tuple[TrustCondition, ...]:
        """The conditions on one claim, such as `sub` or `aud`."""
        return tuple(condition for condition in self.conditions if condition.claim == claim)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The values asked of `sub`, as written; none means any ServiceAccount of the cluster."""
        return tuple(value for condition in self.on("sub") for value in condition.values)

    @property
    def audiences(self) -> tuple[str, ...]:
        """The values asked of `aud`, as written; none means any audience the provider accepts."""
        return tuple(value for condition in self.on("aud") for value in condition.values)

    @property
    def service_accounts(self) -> tuple[tuple[str, str], ...]:
        """(namespace, name) of each subject of the right form; either may hold a pattern."""
        parts = [s.removeprefix(SUBJECT).split(":") for s in self.subjects if s.startswith(SUBJECT)]
        return tuple((part[0], part[1]) for part in parts if len(part) == 2)

    def __str__(self) -> str:
        lines = [
            f"{self.effect} {', '.join(self.actions)}",
            *(f"  to {p}" for p in self.principals),
        ]
        return "\n".join([*lines, *(f"  if {condition}" for condition in self.conditions)])


def describe_trust_policy(policy: Mapping[str, Any] | str) -> list[TrustRule]:
    """A trust policy as rules, one for each statement; takes what IAM gives, or JSON text."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    return [_rule(statement) for statement in statements(document)]


def _rule(statement: Mapping[str, Any]) -> TrustRule:
    actions = _texts(statement.get("Action", ()))
    excluded = (f"not {action}" for action in _texts(statement.get("NotAction", ())))
    return TrustRule(
        effect=statement.get("Effect", ""),
        actions=(*actions, *excluded),
        principals=tuple(_principals(statement)),
        conditions=tuple(
            TrustCondition(operator, key, _texts(values))
            for operator, block in statement.get("Condition", {}).items()
            for key, values in block.items()
        ),
    )


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    for element, prefix in (("Principal", ""), ("NotPrincipal", "not ")):
        principal = statement.get(element, {})
        if isinstance(principal, str):
            yield prefix + principal
            continue
        for kind, values in principal.items():
            yield from (f"{prefix}{kind} {value}" for value in _texts(values))


def _texts(value: Any) -> tuple[str, ...]:
    """One or several strings, as a policy may write either."""
    return tuple(str(item) for item in listed(value))
