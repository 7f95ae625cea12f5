"""What is wrong with a trust policy for IRSA: what keeps the right one out, or lets others in."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from irsa_helpers.ground.arns import Arn
from irsa_helpers.policy.operators import Operator, find_operator
from irsa_helpers.policy.trust_door import Door
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
# The claims of an EKS token that IAM makes keys of. Source: IAM User Guide, "Keys available for AWS
# OIDC federation"; and those that only tokens of other issuers have.
CLAIMS = {"sub", "aud", "oaud"}
OF_OTHER_ISSUERS = {"amr", "email"}
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

    An empty list says that named ServiceAccounts of the cluster, and they alone, get in. What the
    policy says of other providers is not judged. Where one statement works, another's flaw shuts
    no door: it is advice.
    """
    rules = [rule for rule in describe_trust_policy(policy) if rule.effect == "Allow"]
    own = [rule for rule in rules if _is_about(rule, provider_arn)]
    if not own:
        return _nobody_of_the_cluster(rules, policy, provider_arn)
    token = [rule for rule in own if any(map(_allows_web_identity, rule.actions))]
    door = Door.of(policy, provider_arn)
    flaws_of = [
        list(_check_rule(rule, condition_prefix(provider_arn), door)) for rule in token or own
    ]
    if not all(map(_is_shut, flaws_of)):
        flaws_of = [
            [_as_advice(flaw) for flaw in flaws] if _is_shut(flaws) else flaws for flaws in flaws_of
        ]
    flaws = [*(flaw for flaws in flaws_of for flaw in flaws)]
    return flaws if any(map(_is_shut, flaws_of)) else [*flaws, *_check_denials(token, door)]


def _is_about(rule: TrustRule, provider_arn: str) -> bool:
    return provider_arn in rule.providers or "*" in rule.principals


def _is_shut(flaws: list[Finding]) -> bool:
    return any(flaw.severity == "broken" for flaw in flaws)


def _as_advice(flaw: Finding) -> Finding:
    return replace(flaw, severity="advice") if flaw.severity == "broken" else flaw


def _nobody_of_the_cluster(
    rules: list[TrustRule], policy: Mapping[str, Any] | str, provider_arn: str
) -> list[Finding]:
    """What is wrong where no statement names this cluster's provider."""
    federated = [rule for rule in rules if rule.providers]
    if not federated:
        return [_no_provider(policy, provider_arn)]
    door = Door.of(policy, provider_arn)
    return [
        finding
        for rule in federated
        for finding in (
            _other_provider(rule.providers[0], provider_arn),
            *(
                _check_rule(rule, condition_prefix(rule.providers[0]), door)
                if _is_of_a_cluster(rule)
                else ()
            ),
        )
    ]


def _is_of_a_cluster(rule: TrustRule) -> bool:
    """Whether the statement is meant for ServiceAccounts: of whichever cluster."""
    return any(value.startswith(SUBJECT) for value in rule.subjects) or not rule.subjects


def _no_provider(policy: Mapping[str, Any] | str, provider_arn: str) -> Finding:
    principals = [p for rule in describe_trust_policy(policy) for p in rule.principals]
    return Finding(
        "no-provider",
        "broken",
        f"no statement admits an OIDC provider; principals: {', '.join(principals) or 'none'}",
        f'"Principal": {{"Federated": "{provider_arn}"}}',
    )


def _check_rule(rule: TrustRule, expected: str, door: Door) -> Iterator[Finding]:
    if not any(_allows_web_identity(action) for action in rule.actions):
        yield Finding(
            "wrong-action",
            "broken",
            f"the action is {', '.join(rule.actions)}; a token comes with {WEB_IDENTITY}",
            f'"Action": "{WEB_IDENTITY}"',
        )
    keys = [flaw for condition in rule.conditions for flaw in _check_key(condition, expected)]
    yield from keys
    for condition in rule.conditions:
        narrowed = any(_is_exact(other) for other in rule.on(condition.claim))
        yield from (
            flaw
            for flaw in _check_operator(condition)
            if not (narrowed and flaw.severity == "too-wide")
        )
    if not keys:
        yield from _check_principal(rule, expected)
        yield from _check_subjects(rule, expected, door)
    yield from _check_audiences(rule, expected)


def _is_exact(condition: TrustCondition) -> bool:
    """Whether a condition holds for the values that it names, and for nothing else."""
    operator = find_operator(condition.operator)
    exact = operator is not None and operator.name in {"StringEquals", "StringEqualsIgnoreCase"}
    return exact and _must_be_there(condition)


def _check_principal(rule: TrustRule, issuer: str) -> Iterator[Finding]:
    if "*" in rule.principals:
        message = "the principal is *: whoever meets the conditions gets in, from any account"
        yield Finding("any-principal", "too-wide", message, f"name the provider of {issuer}")


def _check_denials(rules: list[TrustRule], door: Door) -> Iterator[Finding]:
    """A Deny that shuts out every ServiceAccount that the Allows name."""
    named = [
        _named(value, "x")
        for rule in rules
        for condition in _on_subject(rule)
        for value in condition.values
        if value.startswith(SUBJECT)
    ]
    said = {door.denial(*account) for account in named}
    if named and "" not in said:
        message = f"{', '.join(sorted(said))} shuts out everybody whom the policy names"
        yield Finding("denied", "broken", message, "except the ServiceAccount from that Deny")


def _allows_web_identity(action: str) -> bool:
    return action.lower() in {WEB_IDENTITY.lower(), "sts:*", "*"} or (
        action.endswith("*") and WEB_IDENTITY.lower().startswith(action[:-1].lower())
    )


def _other_provider(actual: str, expected: str) -> Finding:
    if actual.partition(":oidc-provider/")[2] == expected.partition(":oidc-provider/")[2]:
        what = f"the provider is of account {Arn.parse(actual).account_id}"
    else:
        what = f"the provider is that of another issuer, {actual.partition('oidc-provider/')[2]}"
    return Finding(
        "other-provider", "broken", f"{what}; this cluster's is {expected}", f"name {expected}"
    )


def _check_key(condition: TrustCondition, expected: str) -> Iterator[Finding]:
    claim, issuer = condition.claim, condition.issuer
    if issuer.lower() == expected.lower():
        yield from _check_claim(condition)
        return
    if claim not in {*CLAIMS, *OF_OTHER_ISSUERS} or not _must_be_there(condition):
        return
    key = f"{expected}:{claim}"
    if "://" in issuer:
        yield Finding("url-in-key", "broken", f"the key {condition.key} holds a scheme", key)
    elif issuer.startswith("arn:"):
        yield Finding("arn-in-key", "broken", f"the key {condition.key} holds an ARN", key)
    else:
        message = f"the key {condition.key} is of another issuer than the provider: {expected}"
        yield Finding("other-issuer-in-key", "broken", message, key)


def _check_claim(condition: TrustCondition) -> Iterator[Finding]:
    """A claim that IAM makes no key of, or that tokens of EKS do not have."""
    claim = condition.claim
    if claim in CLAIMS and condition.operator.lower() == "null":
        if "true" in map(str.lower, condition.values):
            message = f"{condition.key} must be absent, and every token has it"
            yield Finding("null-claim", "broken", message, f"a condition on :{claim}")
    elif claim not in CLAIMS and _must_be_there(condition):
        what = "tokens of EKS have none" if claim in OF_OTHER_ISSUERS else "IAM has no such key"
        message = f"the key {condition.key}: {what}; there are :sub and :aud"
        yield Finding("unknown-claim", "broken", message, f"{condition.issuer}:sub")


def _must_be_there(condition: TrustCondition) -> bool:
    """Whether a condition fails where the request does not have its key."""
    operator = find_operator(condition.operator)
    if operator is None:
        return False
    if operator.name == "Null":
        return "true" not in map(str.lower, condition.values)
    return not (operator.if_exists or operator.negated or operator.quantifier == "ForAllValues")


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


def _on_subject(rule: TrustRule) -> list[TrustCondition]:
    """The conditions that compare `sub`; one that asks whether it is there compares nothing."""
    return [condition for condition in rule.on("sub") if condition.operator.lower() != "null"]


def _check_subjects(rule: TrustRule, issuer: str, door: Door) -> Iterator[Finding]:
    named = f'"StringEquals": {{"{issuer}:sub": "{SUBJECT}NAMESPACE:NAME"}}'
    compared = _on_subject(rule)
    if not compared and door.admits(*ANYBODY):
        message = "no condition on :sub: every ServiceAccount of the cluster gets in"
        yield Finding("no-subject", "too-wide", message, named)
    for condition in compared:
        judged = [_check_subject(condition, value, named, door) for value in condition.values]
        works = any(flaw is None or flaw.severity != "broken" for flaw in judged)
        flaws = [flaw for flaw in judged if flaw is not None]
        yield from map(_as_advice, flaws) if works else flaws


def _check_subject(condition: TrustCondition, value: str, fix: str, door: Door) -> Finding | None:
    """Whom the evaluator's own comparison lets in: anybody, some, nobody, the one named."""
    operator = find_operator(condition.operator)
    if operator is None or operator.negated:
        return None  # IAM takes no such operator; what a negation admits is told by the operator
    if not operator.patterns and WILDCARDS & set(value):
        return None  # told by the operator, too

    def admits(of_namespace: str, account: str) -> bool:
        return bool(operator.compare(value, subject(of_namespace, account)))

    namespace, name = _named(value, "x")
    others = _named(value, "y")
    places = [ANYBODY, (ANYBODY[0], name), (namespace, ANYBODY[1]), (namespace, name), others]
    inside = [place for place in places if admits(*place)]
    everywhere = admits(*ANYBODY) or admits(ANYBODY[0], name)
    several = (namespace, name) != others and admits(namespace, name) and admits(*others)
    if everywhere or several or admits(namespace, ANYBODY[1]):
        if not any(door.admits(*place) for place in inside):
            return None  # another condition, or a Deny, narrows it
        in_one = not everywhere and namespace == others[0]
        where = f"a ServiceAccount in {namespace}" if in_one else "a namespace or ServiceAccount"
        message = f":sub {_word(operator)} {value!r}: whoever can make {where} gets in"
        return Finding("wide-subject", "too-wide", message, fix)
    if not _is_name(namespace, name) or not admits(namespace, name):
        message = f":sub is compared with {value!r}, but a token has {SUBJECT}NAMESPACE:NAME"
        return Finding("subject-form", "broken", message + _blank(value), fix)
    if not admits(namespace.lower(), name.lower()):
        message = f":sub is compared with {value!r}, but names in Kubernetes have no capitals"
        return Finding("capitals", "broken", message, fix)
    if not value.startswith(SUBJECT):
        message = f"{condition.operator} compares :sub without its case: {value!r} admits "
        lowered = f"{namespace.lower()}:{name.lower()}"
        return Finding("ignores-case", "advice", f"{message}{lowered}", fix)
    return None


def _blank(value: str) -> str:
    return ": there is white space in it" if re.search(r"\s", value) else ""


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
