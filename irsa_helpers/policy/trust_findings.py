"""What is wrong with a trust policy for IRSA: what keeps the right one out, or lets others in."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from irsa_helpers.arns import Arn
from irsa_helpers.policy.operators import Operator, find_operator
from irsa_helpers.policy.trust_rules import (
    SUBJECT,
    WEB_IDENTITY,
    TrustCondition,
    TrustRule,
    condition_prefix,
    describe_trust_policy,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Severity = Literal["broken", "too-wide", "advice"]
WILDCARDS = set("*?")
# A namespace and a ServiceAccount that nobody has thought of when the policy was written.
ANYBODY = ("some-namespace-of-tomorrow", "some-account-of-tomorrow")


@dataclass(frozen=True)
class Finding:
    """One flaw: `broken` admits nobody, `too-wide` admits others too, `advice` could be better."""

    name: str
    severity: Severity
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}\n  fix: {self.fix}"

    def to_dict(self) -> dict[str, str]:
        """The finding as JSON-able data."""
        return asdict(self)


def check_trust_policy(policy: Mapping[str, Any] | str, provider_arn: str) -> list[Finding]:
    """The flaws of a trust policy that should admit ServiceAccounts of this provider's cluster.

    An empty list says that named ServiceAccounts of the cluster, and they alone, get in.
    """
    rules = [rule for rule in describe_trust_policy(policy) if rule.effect == "Allow"]
    federated = [rule for rule in rules if rule.providers]
    if not federated:
        return [_no_provider(policy, provider_arn)]
    return [finding for rule in federated for finding in _check_rule(rule, provider_arn)]


def _no_provider(policy: Mapping[str, Any] | str, provider_arn: str) -> Finding:
    principals = [p for rule in describe_trust_policy(policy) for p in rule.principals]
    return Finding(
        "no-provider",
        "broken",
        f"no statement admits an OIDC provider; principals: {', '.join(principals) or 'none'}",
        f'"Principal": {{"Federated": "{provider_arn}"}}',
    )


def _check_rule(rule: TrustRule, provider_arn: str) -> Iterator[Finding]:
    if provider_arn not in rule.providers:
        yield _other_provider(rule.providers[0], provider_arn)
    if not any(_allows_web_identity(action) for action in rule.actions):
        yield Finding(
            "wrong-action",
            "broken",
            f"the action is {', '.join(rule.actions)}; a token comes with {WEB_IDENTITY}",
            f'"Action": "{WEB_IDENTITY}"',
        )
    expected = condition_prefix(rule.providers[0])
    for condition in rule.conditions:
        yield from _check_key(condition, expected)
        yield from _check_operator(condition)
    yield from _check_subjects(rule, expected)
    yield from _check_audiences(rule, expected)


def _allows_web_identity(action: str) -> bool:
    return action.lower() in {WEB_IDENTITY.lower(), "sts:*", "*"} or (
        action.endswith("*") and WEB_IDENTITY.lower().startswith(action[:-1].lower())
    )


def _other_provider(found: str, expected: str) -> Finding:
    if found.partition(":oidc-provider/")[2] == expected.partition(":oidc-provider/")[2]:
        what = f"the provider is of account {Arn.parse(found).account_id}"
    else:
        what = f"the provider is that of another issuer, {found.partition('oidc-provider/')[2]}"
    return Finding(
        "other-provider", "broken", f"{what}; this cluster's is {expected}", f"name {expected}"
    )


def _check_key(condition: TrustCondition, expected: str) -> Iterator[Finding]:
    if condition.claim not in {"sub", "aud", "amr", "oaud", "email"}:
        return
    found = condition.issuer
    if found.lower() == expected.lower():
        return
    key = f"{expected}:{condition.claim}"
    if "://" in found:
        yield Finding("url-in-key", "broken", f"the key {condition.key} holds a scheme", key)
    elif found.startswith("arn:"):
        yield Finding("arn-in-key", "broken", f"the key {condition.key} holds an ARN", key)
    else:
        message = f"the key {condition.key} is of another issuer than the provider: {expected}"
        yield Finding("other-issuer-in-key", "broken", message, key)


def _check_operator(condition: TrustCondition) -> Iterator[Finding]:
    operator = find_operator(condition.operator)
    if condition.claim not in {"sub", "aud"} or operator is None:
        return
    if not operator.patterns and any(WILDCARDS & set(value) for value in condition.values):
        yield Finding(
            "wildcard-under-equals",
            "broken",
            f"{condition}: under {condition.operator} a `*` is just a character",
            "name the ServiceAccount whole; StringLike only if several must get in",
        )
    if operator.if_exists or operator.quantifier == "ForAllValues" or operator.negated:
        yield Finding(
            "loose-operator",
            "too-wide",
            f"{condition.operator} on :{condition.claim} is also true where it should not be: "
            "when the key is absent or the value is any other",
            "StringEquals",
        )


def _check_subjects(rule: TrustRule, issuer: str) -> Iterator[Finding]:
    named = f'"StringEquals": {{"{issuer}:sub": "{SUBJECT}NAMESPACE:NAME"}}'
    if not rule.subjects:
        message = "no condition on :sub: every ServiceAccount of the cluster gets in"
        yield Finding("no-subject", "too-wide", message, named)
    for condition in rule.on("sub"):
        for value in condition.values:
            yield from _check_subject(condition, value, named)


def _check_subject(condition: TrustCondition, value: str, fix: str) -> Iterator[Finding]:
    """Whom the evaluator's own comparison lets in: anybody, some, nobody, the one named."""
    operator = find_operator(condition.operator)
    if operator is None or operator.negated:
        return  # IAM takes no such operator; what a negation admits is told by the operator
    if not operator.patterns and WILDCARDS & set(value):
        return  # told by the operator, too

    def admits(of_namespace: str, account: str) -> bool:
        return bool(operator.compare(value, subject(of_namespace, account)))

    namespace, name = _named(value, "x")
    others = _named(value, "y")
    several = (namespace, name) != others and admits(namespace, name) and admits(*others)
    everywhere = admits(*ANYBODY) or admits(ANYBODY[0], name)
    if everywhere or several or admits(namespace, ANYBODY[1]):
        in_one = not everywhere and namespace == others[0]
        where = f"a ServiceAccount in {namespace}" if in_one else "a namespace or ServiceAccount"
        message = f":sub {_word(operator)} {value!r}: whoever can make {where} gets in"
        yield Finding("wide-subject", "too-wide", message, fix)
    elif not _is_name(namespace, name) or not admits(namespace, name):
        message = f":sub is compared with {value!r}, but a token has {SUBJECT}NAMESPACE:NAME"
        yield Finding("subject-form", "broken", message, fix)
    elif admits(namespace.lower(), name.lower()) and not value.startswith(SUBJECT):
        message = f"{condition.operator} compares :sub without its case: {value!r} admits "
        yield Finding("ignores-case", "advice", f"{message}{namespace.lower()}:{name.lower()}", fix)
    elif not admits(namespace.lower(), name.lower()):
        message = f":sub is compared with {value!r}, but names in Kubernetes have no capitals"
        yield Finding("capitals", "advice", message, fix)


def _named(value: str, filling: str) -> tuple[str, str]:
    """The namespace and the ServiceAccount that a value is about, its patterns filled in."""
    parts = re.sub("[*?]", filling, value).rsplit(":", 2)
    return tuple(["", "", *parts][-2:])  # type: ignore[return-value]


def _is_name(*names: str) -> bool:
    """Whether they are names but for capitals. Source: RFC 1123, labels and subdomains."""
    return all(re.fullmatch(r"(?i)[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name) for name in names)


def _word(operator: Operator) -> str:
    return "like" if operator.patterns else "equal to"


def _check_audiences(rule: TrustRule, issuer: str) -> Iterator[Finding]:
    fix = f'"StringEquals": {{"{issuer}:aud": "sts.amazonaws.com"}}'
    if not rule.audiences:
        message = "no condition on :aud: tokens made for other audiences of the provider get in too"
        yield Finding("no-audience", "advice", message, fix)
    for value in rule.audiences:
        if value.startswith(SUBJECT):
            message = f":aud is compared with {value!r}, which is a subject"
            yield Finding("subject-in-audience", "broken", message, fix)
        elif value != "sts.amazonaws.com" and not WILDCARDS & set(value):
            message = f":aud must be {value!r}; the webhook asks for sts.amazonaws.com by default"
            yield Finding("other-audience", "advice", message, fix)
        elif value == "*":
            message = ":aud may be anything: tokens made for other services get in too"
            yield Finding("wide-audience", "advice", message, fix)
