"""Trust policies that a learner wrote: whom they admit, and the slip if others than wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import (
    Case,
    Judgement,
    SlipError,
    judged,
    policy_data,
)
from irsa_helpers import oidc
from irsa_helpers.ground import arns
from irsa_helpers.policy import PolicyError, Request, evaluate, nearest_fix, validate_trust_policy
from irsa_helpers.policy.trust_rules import (
    SUBJECT,
    WEB_IDENTITY,
    TrustRule,
    condition_prefix,
    describe_trust_policy,
    subject,
)
from irsa_helpers.trust import check_trust_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from irsa_helpers.worlds import World

IN, OUT = "gets in", "stays out"


@dataclass(frozen=True)
class Caller:
    """Somebody who asks to become the role, and whether the policy should admit them."""

    what: str
    principal: str
    welcome: bool
    action: str = WEB_IDENTITY
    context: Mapping[str, str] = field(default_factory=dict)


def token(
    provider_arn: str,
    namespace: str,
    service_account: str,
    *,
    welcome: bool,
    audience: str = oidc.AUDIENCE,
    what: str = "",
) -> Caller:
    """A Pod's token of that provider's cluster, shown to STS."""
    issuer = condition_prefix(provider_arn)
    claims = {f"{issuer}:sub": subject(namespace, service_account), f"{issuer}:aud": audience}
    made_for = "" if audience == oidc.AUDIENCE else f", its token made for {audience}"
    return Caller(
        what or f"{namespace}/{service_account}{made_for}",
        provider_arn,
        welcome,
        context=claims | {"aws:FederatedProvider": provider_arn},
    )


def other_provider(world: World) -> str:
    """The provider of a cluster that this one's role should not know."""
    own = arns.Arn.parse(oidc.provider_arn(world))
    kept = own.resource.rpartition("/")[0]
    return str(
        arns.Arn(own.partition, "iam", "", own.account_id, f"{kept}/{'0123456789ABCDEF' * 2}")
    )


def judge_web_identity(
    world: World,
    policy: Any,
    callers: Sequence[Caller],
    *,
    provider_arn: str = "",
    own: Mapping[str, Callable[[list[TrustRule]], bool]] | None = None,
) -> Judgement:
    """Judge a policy that should admit tokens of this provider, the cluster's own without one.

    `own` are an exercise's own slips, which come before those that every such policy may have.
    """
    provider = provider_arn or oidc.provider_arn(world)
    document = trust_document(policy)
    rules = [rule for rule in describe_trust_policy(document) if rule.effect == "Allow"]
    subject_key = f"{condition_prefix(provider)}:sub"
    wanted = [c.context[subject_key] for c in callers if c.welcome and subject_key in c.context]
    special = (slip for slip, holds in (own or {}).items() if holds(rules))
    slips = chain(special, _web_identity_slips(document, rules, provider, wanted))
    judgement = judge_trust(world, document, callers, slips)
    linted = {f.name: f"{f.message}. Write {f.fix}" for f in check_trust_policy(document, provider)}
    return Judgement(judgement.slip, judgement.cases, linted.get(judgement.slip, judgement.says))


def judge_trust(
    world: World,
    document: dict[str, Any],
    callers: Sequence[Caller],
    slips: Iterator[str],
    *,
    account: str = "",
    beside: Sequence[Mapping[str, Any]] = (),
) -> Judgement:
    """Judge the trust policy of a role of that account, the cluster's own without one.

    `slips` are asked only where it does not admit whom it should. `beside` is what the callers'
    own policies allow, which counts where they come from another account.
    """
    role = arns.role_arn(account or world.cluster.account_id, "yours")
    decisions = [
        evaluate(
            Request(c.principal, c.action, role, c.context),
            identity_policies=beside,
            resource_policy=document,
        )
        for c in callers
    ]
    seen = list(zip(callers, decisions, strict=True))
    cases = [Case(c.what, _said(c.welcome), _said(d.allowed)) for c, d in seen]
    kept_out = (nearest_fix(d) for c, d in seen if c.welcome and not d.allowed)
    let_in = (f"it also admits {c.what}" for c, d in seen if d.allowed and not c.welcome)
    return judged(cases, slips, next(kept_out, next(let_in, "")))


def trust_document(answer: Any) -> dict[str, Any]:
    """The answer as a policy that IAM would take. Raises SlipError for any other."""
    document = policy_data(answer)
    for slip in _slips_of_form(_rules(document)):
        raise SlipError(slip)
    try:
        validate_trust_policy(document)
    except PolicyError as error:
        raise SlipError("refused-by-iam", f"IAM would not take this policy: {error}") from error
    return document


def _slips_of_form(rules: list[TrustRule]) -> Iterator[str]:
    """Slips for which IAM refuses the policy, with a message that does not say so."""
    if any("://" in principal for rule in rules for principal in rule.principals):
        yield "url-for-provider"
    if any(text.startswith("Federated oidc.") for rule in rules for text in rule.principals):
        yield "issuer-for-provider"
    keys = [condition.key for rule in rules for condition in rule.conditions]
    principals = [text for rule in rules for text in rule.principals]
    if any("{" in text for text in (*keys, *principals, *values_of(rules))):
        yield "no-f"
    if {"sub", "aud"} & set(keys):
        yield "bare-key"
    if any(":" not in key for key in keys):
        yield "no-colon" if any("oidc." in key for key in keys) else "key-without-service"
    if any("://" in key for key in keys):
        yield "url-in-key"
    if any(key.startswith("arn:") for key in keys):
        yield "arn-in-key"


def _rules(document: dict[str, Any]) -> list[TrustRule]:
    """The policy as rules; none where it has not even the form of one."""
    try:
        return describe_trust_policy(document)
    except (AttributeError, TypeError):
        return []


def _said(admitted: bool) -> str:
    return IN if admitted else OUT


def _web_identity_slips(
    document: dict[str, Any], rules: list[TrustRule], provider: str, wanted: Sequence[str]
) -> Iterator[str]:
    """The slips of a policy for IRSA, the one that explains most first."""
    principals = [p for rule in rules for p in rule.principals]
    yield from (
        slip
        for slip, holds in {
            "service-for-federated": any(p.startswith("Service ") for p in principals),
            "role-for-federated": any(p.startswith("AWS ") for p in principals),
            "provider-of-another-cluster": _other(rules, provider),
        }.items()
        if holds
    )
    yield from (slip for slip, holds in VALUE_SLIPS.items() if any(map(holds, values_of(rules))))
    findings = [finding.name for finding in check_trust_policy(document, provider)]
    if "no-subject" in findings and len(rules) > len({rule.providers for rule in rules}):
        yield "conditions-apart"
    if "no-audience" in findings and "no-subject" in findings:
        yield "no-condition"
    # Swapped claims also have a subject of a wrong form; the swap explains both.
    yield from sorted(findings, key=lambda name: name != "subject-in-audience")
    yield from _other_subjects(rules, wanted)


def _other(rules: list[TrustRule], provider: str) -> bool:
    named = {provider for rule in rules for provider in rule.providers}
    return bool(named) and provider not in named


def values_of(rules: list[TrustRule]) -> list[str]:
    """All values of the rules' conditions, whatever they are about."""
    return [value for rule in rules for condition in rule.conditions for value in condition.values]


VALUE_SLIPS: dict[str, Callable[[str], bool]] = {
    "quotes": lambda value: any(sign in value for sign in "'\""),
    "white-space": lambda value: value != value.strip(),
    "several-in-one": lambda value: "," in value,
    "slash-for-colon": lambda value: value.startswith(SUBJECT) and "/" in value,
}


def _other_subjects(rules: list[TrustRule], wanted: Sequence[str]) -> Iterator[str]:
    """Who is named in place of the one who should be."""
    named = [pair for rule in rules for pair in rule.service_accounts]
    right = [tuple(subject.removeprefix(SUBJECT).split(":")) for subject in wanted]
    if {(name, namespace) for namespace, name in right} & set(named):
        yield "turned-round"
    if named and right:
        if not {namespace for namespace, _ in right} & {namespace for namespace, _ in named}:
            yield "other-namespace"
        if not {name for _, name in right} & {name for _, name in named}:
            yield "other-service-account"
    if len(named) < len(right):
        yield "one-of-several"
