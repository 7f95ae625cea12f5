"""Fixes of a trust policy: one statement is added or changed, every other stays as it is written.

Each is tried on a copy before it is shown: it lets the ServiceAccount in, and whoever got in before
still does, and nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from irsa_helpers import trust
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy.admission import TokenFacts, judge_admission
from irsa_helpers.policy.lists import listed, statements
from irsa_helpers.policy.trust_rules import (
    SUBJECT,
    WEB_IDENTITY,
    condition_prefix,
    describe_trust_policy,
)
from irsa_helpers.policy.unseen import is_of_token, reading

Policy = dict[str, Any]
# The end of a subject that there can be: names in Kubernetes have no capitals and no blanks.
NAMES = re.compile(r":[a-z0-9.-]+:[a-z0-9.-]+$")
# Two subjects as alike as this are one, mistyped.
ALIKE = 0.75


@dataclass(frozen=True)
class Wanted:
    """Who is to become the role: the token, and the role's ARN."""

    role_arn: str
    token: TokenFacts

    @property
    def prefix(self) -> str:
        """What stands before the claims in the keys of conditions."""
        return condition_prefix(self.token.provider_arn)

    def is_let_in(self, policy: Policy) -> bool:
        """Whether a trust policy admits the token, as far as can be seen from outside."""
        return judge_admission(self.role_arn, policy, self.token).decision.allowed

    def statement(self, subjects: list[str]) -> Policy:
        """A statement that admits these ServiceAccounts of the cluster."""
        keys = {
            f"{self.prefix}:sub": subjects[0] if len(subjects) == 1 else subjects,
            f"{self.prefix}:aud": self.token.audience,
        }
        return {
            "Effect": "Allow",
            "Principal": {"Federated": self.token.provider_arn},
            "Action": WEB_IDENTITY,
            "Condition": {"StringEquals": keys},
        }


def admitting(policy: Policy, wanted: Wanted) -> Policy | None:
    """The policy, mended so that it admits the token; None where one statement cannot do that.

    A statement that admits nobody and is meant for this cluster is put right; else one is added. A
    Deny that is in the way gets an exception.
    """
    stated = statements(policy)
    for changed in (
        *_put_right(stated, wanted),
        [*stated, wanted.statement([wanted.token.subject])],
    ):
        for tried in (changed, _excepting(changed, wanted)):
            mended = {**policy, "Statement": tried}
            if wanted.is_let_in(mended) and not harm(policy, mended, wanted):
                return mended
    return None


def narrowed(policy: Policy, wanted: Wanted, users: list[str]) -> Policy | None:
    """The policy with each statement that is too wide for this cluster narrowed to its users.

    None where somebody who is no ServiceAccount of the cluster would lose the role.
    """
    asking = [wanted.token.subject, *users]
    changed = [
        part for statement in statements(policy) for part in _narrow(statement, wanted, asking)
    ]
    mended = {**policy, "Statement": changed}
    lost = [
        somebody
        for somebody in harm(policy, mended, wanted)
        if not _is_of_cluster(somebody, wanted)
    ]
    return None if lost or not wanted.is_let_in(mended) else mended


def _put_right(stated: list[Policy], wanted: Wanted) -> Iterator[list[Policy]]:
    """The statements with one that keeps this cluster's tokens out put right."""
    for at, statement in enumerate(stated):
        if statement.get("Effect") == "Allow" and _is_a_slip(statement, wanted):
            mended = _for_subjects(statement, wanted, [wanted.token.subject])
            yield [*stated[:at], mended, *stated[at + 1 :]]


def _is_a_slip(statement: Policy, wanted: Wanted) -> bool:
    """Whether a statement is about this cluster's provider alone, and lets nobody in."""
    if statement.get("Principal") != {"Federated": wanted.token.provider_arn}:
        return False
    flaws = trust.check_trust_policy(_alone(statement), wanted.token.provider_arn)
    if all(flaw.severity != "broken" for flaw in flaws):
        return False
    [rule] = describe_trust_policy(_alone(statement))
    named = [v.lower() for compared in rule.conditions for v in compared.values if v.count(":")]
    own = wanted.token.subject
    return not named or any(SequenceMatcher(None, own, v).ratio() > ALIKE for v in named)


def _alone(statement: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _for_subjects(statement: Policy, wanted: Wanted, subjects: list[str]) -> Policy:
    """The statement for those ServiceAccounts; what it asks besides of the call stays."""
    own = wanted.statement(subjects)
    kept = {
        operator: rest
        for operator, block in statement.get("Condition", {}).items()
        if (
            rest := {key: v for key, v in block.items() if key.lower().startswith(("aws:", "sts:"))}
        )
    }
    equals = {**kept.pop("StringEquals", {}), **own["Condition"]["StringEquals"]}
    actions = statement.get("Action", [])
    named = listed(actions)
    takes_tokens = evaluate(
        Request(wanted.token.provider_arn, WEB_IDENTITY, wanted.role_arn, {}),
        resource_policy=_alone({**own, "Action": named or ["sts:None"], "Condition": {}}),
    ).allowed
    return {
        **statement,
        "Principal": own["Principal"],
        "Action": actions if takes_tokens else WEB_IDENTITY,
        "Condition": {"StringEquals": equals, **kept},
    }


def _narrow(statement: Policy, wanted: Wanted, asking: list[str]) -> Iterator[Policy]:
    """A statement that is too wide, for those whom it names or who ask; any other as it is."""
    provider = wanted.token.provider_arn
    flaws = trust.check_trust_policy(_alone(statement), provider)
    subjects = _meant_by(statement, wanted, asking)
    if statement.get("Effect") != "Allow" or all(f.severity != "too-wide" for f in flaws):
        yield statement
    elif not subjects:
        yield statement  # whom it is for cannot be told
    else:
        yield from _for_other_providers(statement, provider)
        yield _for_subjects(statement, wanted, subjects)


def _meant_by(statement: Policy, wanted: Wanted, asking: list[str]) -> list[str]:
    """The ServiceAccounts that a statement admits: those it names whole, and those who ask."""
    [rule] = describe_trust_policy(_alone(statement))
    named = [v for v in rule.subjects if v.startswith(SUBJECT) and not set("*?") & set(v)]
    return [
        subject
        for subject in dict.fromkeys((*asking, *named))
        if replace(wanted, token=replace(wanted.token, subject=subject)).is_let_in(
            _alone(statement)
        )
    ]


def _for_other_providers(statement: Policy, provider: str) -> Iterator[Policy]:
    """The statement for the other principals that it names besides the provider."""
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return
    others = [arn for arn in listed(principal.get("Federated", [])) if arn != provider]
    rest = {kind: value for kind, value in principal.items() if kind != "Federated"}
    if others:
        rest["Federated"] = others
    if rest:
        yield {**statement, "Principal": rest}


def _excepting(stated: list[Policy], wanted: Wanted) -> list[Policy]:
    """The statements with each Deny that hits the token sparing its subject."""
    return [
        _spared(statement, wanted)
        if _hits(statement, wanted) and statement["Effect"] == "Deny"
        else statement
        for statement in stated
    ]


def _hits(statement: Policy, wanted: Wanted) -> bool:
    allowing = {**statement, "Effect": "Allow"}
    return wanted.is_let_in(_alone(allowing))


def _spared(statement: Policy, wanted: Wanted) -> Policy:
    key, subject = f"{wanted.prefix}:sub", wanted.token.subject
    condition = {op: dict(block) for op, block in statement.get("Condition", {}).items()}
    block = condition.setdefault("StringNotEquals", {})
    block[key] = [*listed(block[key]), subject] if key in block else subject
    return {**statement, "Condition": condition}


@dataclass(frozen=True)
class Somebody:
    """Anybody who may ask for a role: a principal, the call, and what the call says."""

    principal: str
    action: str
    context: tuple[tuple[str, str], ...] = ()


def harm(before: Policy, after: Policy, wanted: Wanted) -> list[Somebody]:
    """Who loses the role by a change, or gains it without being meant."""
    asking = {somebody for policy in (before, after) for somebody in _everybody(policy, wanted)}
    return [
        somebody
        for somebody in sorted(asking, key=repr)
        if _gets_in(before, somebody) != _gets_in(after, somebody)
        and not _is_meant(somebody, wanted)
    ]


def _is_meant(somebody: Somebody, wanted: Wanted) -> bool:
    return (f"{wanted.prefix}:sub", wanted.token.subject) in somebody.context


def _is_of_cluster(somebody: Somebody, wanted: Wanted) -> bool:
    return somebody.principal == wanted.token.provider_arn


def _everybody(policy: Policy, wanted: Wanted) -> Iterator[Somebody]:
    """Those whom a policy may be about: named ones, and ones that nobody has thought of."""
    for rule in describe_trust_policy(policy):
        for principal in (*rule.principals, f"Federated {wanted.token.provider_arn}"):
            name = principal.rpartition(" ")[2].replace("*", "anybody")
            if ":oidc-provider/" in name:
                yield from _token_holders(policy, name)
            else:
                for action in ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"):
                    yield Somebody(name, action)


def _token_holders(policy: Policy, provider_arn: str) -> Iterator[Somebody]:
    prefix = condition_prefix(provider_arn)
    rules = describe_trust_policy(policy)
    named = {value.replace("*", "x") for rule in rules for value in rule.subjects}
    audiences = {value.replace("*", "x") for rule in rules for value in rule.audiences}
    possible = {
        subject for subject in named if not subject.startswith(SUBJECT) or NAMES.search(subject)
    }
    for subject in {*possible, f"{SUBJECT}of-tomorrow:of-tomorrow", "repo:of/tomorrow"}:
        for audience in {*audiences, "sts.amazonaws.com"}:
            keys = {f"{prefix}:sub": subject, f"{prefix}:aud": audience}
            yield Somebody(provider_arn, WEB_IDENTITY, tuple(sorted(keys.items())))


def _gets_in(policy: Policy, somebody: Somebody) -> bool:
    """Whether a policy admits somebody who meets every condition on other things than the token."""
    context = dict(somebody.context)
    request = Request(somebody.principal, somebody.action, "arn:aws:iam::1:role/x", context)
    read = reading(policy, is_of_token, hopeful=True)
    return evaluate(request, resource_policy=read).allowed
