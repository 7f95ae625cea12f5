"""Permission policies that a learner wrote: what they allow, and the slip if other than wanted."""

from __future__ import annotations

import re
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
from irsa_course.exercises.policy_form import condition_keys
from irsa_helpers.policy import (
    PolicyError,
    Request,
    evaluate,
    nearest_fix,
    parse_policy,
    validate_identity_policy,
)
from irsa_helpers.policy.permission_findings import check_permission_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from irsa_helpers.policy import Policy
    from irsa_helpers.worlds import World


@dataclass(frozen=True)
class Call:
    """A call that a session of the role makes, and whether the policy should allow it."""

    action: str
    resource: str
    welcome: bool
    context: Mapping[str, str] = field(default_factory=dict)
    what: str = ""

    def __str__(self) -> str:
        return self.what or f"{self.action} on {self.resource.rpartition(':::')[2]}"


def judge_permissions(
    world: World,
    answer: Any,
    calls: Sequence[Call],
    *,
    own: Mapping[str, Callable[[Policy], bool]] | None = None,
    beside: Sequence[Mapping[str, Any]] = (),
) -> Judgement:
    """Judge a policy of a role that has the policies `beside` as well.

    `own` are an exercise's own slips, which come before those that every such policy may have.
    """
    document = permission_document(answer)
    session = f"arn:aws:sts::{world.cluster.account_id}:assumed-role/yours/app"
    decisions = [
        evaluate(
            Request(session, call.action, call.resource, call.context),
            identity_policies=[document, *beside],
        )
        for call in calls
    ]
    seen = list(zip(calls, decisions, strict=True))
    cases = [Case(str(c), _said(c.welcome), _said(d.allowed)) for c, d in seen]
    policy = parse_policy(document)
    special = (slip for slip, holds in (own or {}).items() if holds(policy))
    missing = (
        f"`{c.action}` is denied: {nearest_fix(d)}" for c, d in seen if c.welcome > d.allowed
    )
    more = (f"it also allows `{c}`" for c, d in seen if d.allowed > c.welcome)
    slips = chain(special, _slips(document, policy))
    judgement = judged(cases, slips, next(missing, next(more, "")))
    linted = {f.name: f"{f.message}. Write {f.fix}" for f in check_permission_policy(document)}
    return Judgement(judgement.slip, judgement.cases, linted.get(judgement.slip, judgement.says))


def permission_document(answer: Any) -> dict[str, Any]:
    """The answer as a policy that IAM would take. Raises SlipError for any other."""
    document = policy_data(answer)
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and "Principal" in statement:
            raise SlipError("principal-in-permissions")
    if any(":" not in key for key in condition_keys(document)):
        raise SlipError("key-without-service")
    try:
        validate_identity_policy(document)
    except PolicyError as error:
        if "ARN format" in error.message:
            raise SlipError("name-for-arn") from error
        raise SlipError("refused-by-iam", f"IAM would not take this policy: {error}") from error
    return document


def resources(policy: Policy) -> list[str]:
    """Every resource that a policy names."""
    return [arn for statement in policy.statements for arn in statement.resources or ()]


def actions(policy: Policy) -> list[str]:
    """Every action that a policy names, in small letters, since case does not count."""
    return [action.lower() for statement in policy.statements for action in statement.actions]


def _said(allowed: bool) -> str:
    return "allowed" if allowed else "denied"


def _slips(document: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    """The slips that any permission policy may have, the one that explains most first."""
    if any(re.search(r"(?<!\$)\{[A-Za-z_]", arn) for arn in resources(policy)):
        yield "no-f"
    if any(re.fullmatch(r"s3:(list|head)objects?(v2)?", action) for action in actions(policy)):
        yield "call-for-action"
    conditions = [c for statement in policy.statements for c in statement.conditions]
    equal = [c for c in conditions if "equals" in c.operator.lower()]
    if any("*" in value for condition in equal for value in condition.values):
        yield "wildcard-under-equals-here"
    yield from (finding.name for finding in check_permission_policy(document))
