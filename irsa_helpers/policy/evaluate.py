"""May this caller do this? The decision, with every reason for it.

Source: IAM User Guide, "Policy evaluation logic". Nothing here reads a clock or the network: the
time, where a policy asks for it, is the context key `aws:CurrentTime`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from irsa_helpers.policy.document import Condition, Policy, Statement, parse_policy
from irsa_helpers.policy.match import (
    action_matches,
    matches,
    names_whole_account,
    principal_matches,
    role_of_session,
)
from irsa_helpers.policy.operators import Operator, find_operator
from irsa_helpers.policy.variables import UnresolvedError, expand, has_variable, unescape

Effect = Literal["Allowed", "ImplicitlyDenied", "ExplicitlyDenied"]
PolicySource = str | Mapping[str, Any] | Policy
Values = tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """Who asks to do what to which resource, and what else is known of the call.

    `principal` is an ARN or a service's name; `context` holds condition keys (their case does not
    count) with one value or a list. Example: `Request("arn:aws:iam::111122223333:oidc-provider/…",
    "sts:AssumeRoleWithWebIdentity", role_arn, {"….:sub": "system:serviceaccount:default:app"})`.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]]

    def values(self, key: str) -> Values | None:
        """The values of a context key, None where the request does not have it."""
        for name, value in self.context.items():
            if name.lower() == key.lower():
                return (value,) if isinstance(value, str) else tuple(value)
        return None


@dataclass(frozen=True)
class ConditionResult:
    """One condition, with what the policy wanted and what the request had (None: no such key)."""

    operator: str
    key: str
    wanted: Values
    actual: Values | None
    matched: bool


@dataclass(frozen=True)
class StatementResult:
    """One statement, and which of its parts fitted the request."""

    policy: str
    statement: str
    effect: str
    principal_matched: bool
    principals: Values
    action_matched: bool
    actions: Values
    resource_matched: bool
    resources: Values
    conditions: tuple[ConditionResult, ...]

    @property
    def matched(self) -> bool:
        """Whether the statement takes effect."""
        return (
            self.principal_matched
            and self.action_matched
            and self.resource_matched
            and all(condition.matched for condition in self.conditions)
        )

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-able data. (`asdict` would copy every value.)"""
        conditions = [dict(vars(condition)) for condition in self.conditions]
        return vars(self) | {"conditions": conditions, "matched": self.matched}


@dataclass(frozen=True)
class Decision:
    """The outcome, the sentence that sums it up, and every statement that was looked at."""

    effect: Effect
    reason: str
    reasons: tuple[StatementResult, ...]

    @property
    def allowed(self) -> bool:
        """Whether the effect is Allowed."""
        return self.effect == "Allowed"

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON-able data."""
        reasons = [result.to_dict() for result in self.reasons]
        return {"effect": self.effect, "reason": self.reason, "reasons": reasons}


# What StatementResult.policy says of a role's own policy, and of any other resource's.
TRUST_POLICY, RESOURCE_POLICY = "trust policy", "resource policy"
# Policies that grant nothing by themselves: where there is one, it must allow too.
SESSION_POLICY, BOUNDARY = "session policy", "permissions boundary"
WHAT_IS_MISSING = {TRUST_POLICY: "trust", RESOURCE_POLICY: "resource-based"}
# A key of KMS lets nobody in but by its own policy: without a statement there that grants, or that
# leaves it to the account's IAM policies, these count for nothing. Source: AWS KMS Developer Guide,
# "Key policies in AWS KMS" and "Default key policy", "Allows access to the AWS account".
ASKED_FIRST = "kms:"
NOT_IN_KEY_POLICY = (
    "no statement of the key's policy allows it, and none leaves it to the account's IAM policies"
)


def evaluate(
    request: Request,
    *,
    identity_policies: Sequence[PolicySource] = (),
    resource_policy: PolicySource | None = None,
    session_policy: PolicySource | None = None,
    permissions_boundary: PolicySource | None = None,
) -> Decision:
    """What AWS decides for a request.

    An explicit Deny anywhere wins. Otherwise a statement of the identity policies or of the
    resource policy must allow, and the session policy and the boundary, where there are any, must
    allow too, except what a resource policy grants to the session itself. A trust policy is the
    resource policy of its role. To a resource whose ARN shows another account than the caller's,
    both sides must allow: the caller's own policies, and the resource's. Raises PolicyError for a
    policy that IAM would not have taken. Source: IAM User Guide, "Cross-account policy evaluation
    logic".
    """
    by_own_policies = partial(
        evaluate_one_account,
        request,
        identity_policies=identity_policies,
        session_policy=session_policy,
        permissions_boundary=permissions_boundary,
    )
    decision = by_own_policies(resource_policy=resource_policy)
    if not decision.allowed or not _crosses_accounts(request):
        return decision
    alone = by_own_policies()
    if not alone.allowed:
        return Decision("ImplicitlyDenied", alone.reason, decision.reasons)
    if not any(_allows(result) for result in decision.reasons if result.policy in WHAT_IS_MISSING):
        owner = account_of(request.resource)
        reason = f"no resource-based policy statement of account {owner} allows it"
        return Decision("ImplicitlyDenied", reason, decision.reasons)
    return decision


def evaluate_one_account(
    request: Request,
    *,
    identity_policies: Sequence[PolicySource] = (),
    resource_policy: PolicySource | None = None,
    session_policy: PolicySource | None = None,
    permissions_boundary: PolicySource | None = None,
) -> Decision:
    """What these policies decide, wherever the resource is: one side of a call across accounts."""
    identity = [
        result
        for index, policy in enumerate(identity_policies)
        for result in _results(policy, f"identity policy {index + 1}", request)
    ]
    own = TRUST_POLICY if request.action.lower().startswith("sts:assumerole") else RESOURCE_POLICY
    resource = _optional(resource_policy, own, request)
    session = _optional(session_policy, SESSION_POLICY, request)
    boundary = _optional(permissions_boundary, BOUNDARY, request)
    looked_at = (*identity, *resource, *session, *boundary)
    denying = [result for result in looked_at if result.effect == "Deny" and result.matched]
    if denying:
        where = f"{denying[0].statement} of the {denying[0].policy}"
        return Decision("ExplicitlyDenied", f"{where} denies it", looked_at)
    if needs_resource(request.action) and resource_policy and not any(map(_allows, resource)):
        return Decision("ImplicitlyDenied", NOT_IN_KEY_POLICY, looked_at)
    granting = [
        result for result in resource if _allows(result) and not _delegates(result, request)
    ]
    direct = [result for result in granting if _grants_caller(result, request)]
    if direct and _is_named(direct, request):
        return Decision("Allowed", _by(direct[0]), looked_at)
    if session_policy is not None and not any(map(_allows, session)):
        return Decision("ImplicitlyDenied", f"no {SESSION_POLICY} statement allows it", looked_at)
    if direct:
        return Decision("Allowed", _by(direct[0]), looked_at)
    if permissions_boundary is not None and not any(map(_allows, boundary)):
        return Decision("ImplicitlyDenied", f"no {BOUNDARY} statement allows it", looked_at)
    allowing = [*(result for result in identity if _allows(result)), *granting]
    if allowing:
        return Decision("Allowed", _by(allowing[0]), looked_at)
    which = WHAT_IS_MISSING[own] if not identity_policies and resource_policy else "identity-based"
    return Decision("ImplicitlyDenied", f"no {which} policy statement allows it", looked_at)


def needs_resource(action: str) -> bool:
    """Whether a resource with a policy of its own must grant that action, or leave it to IAM."""
    return action.lower().startswith(ASKED_FIRST)


def _crosses_accounts(request: Request) -> bool:
    """Whether an identity of IAM asks for a resource whose ARN shows another account."""
    own, owner = account_of(request.principal), account_of(request.resource)
    is_identity = request.principal.split(":")[2:3] in (["iam"], ["sts"])
    is_provider = ":oidc-provider/" in request.principal or ":saml-provider/" in request.principal
    return bool(own and owner) and own != owner and is_identity and not is_provider


def account_of(arn: str) -> str:
    """The account that an ARN shows; empty where it shows none."""
    parts = arn.split(":", 5)
    shown = parts[4] if len(parts) == 6 and parts[0] == "arn" else ""
    return shown if re.fullmatch("[0-9]{12}", shown) else ""


def _allows(result: StatementResult) -> bool:
    return result.effect == "Allow" and result.matched


def _by(result: StatementResult) -> str:
    return f"{result.statement} of the {result.policy} allows it"


def _grants_caller(result: StatementResult, request: Request) -> bool:
    """Whether a resource policy grants to the caller itself, so that a boundary does not count.

    Source: IAM User Guide, "Evaluating identity-based policies with resource-based policies": a
    grant to a user's or a session's ARN is not limited, one to a role's ARN or an account is. Our
    reading: a grant to everyone (`*`) is not limited by a boundary, but by a session policy.
    """
    if "*" in result.principals:
        return True
    return request.principal in result.principals and ":role/" not in request.principal


def _is_named(results: Sequence[StatementResult], request: Request) -> bool:
    """Whether one of the grants names the caller: then no session policy limits it either.

    Source: IAM User Guide, "Session policies".
    """
    return any(request.principal in result.principals for result in results)


def _delegates(result: StatementResult, request: Request) -> bool:
    """Whether a resource policy trusts the caller's account alone, which is then to decide.

    Source: IAM User Guide, "AWS JSON policy elements: Principal", AWS account principals.
    """
    meant = [p for p in result.principals if names_whole_account(p, request.principal)]
    own = {"*", request.principal, role_of_session(request.principal)}
    return bool(meant) and own.isdisjoint(result.principals)


def _optional(policy: PolicySource | None, name: str, request: Request) -> list[StatementResult]:
    return [] if policy is None else _results(policy, name, request)


def _results(source: PolicySource, name: str, request: Request) -> list[StatementResult]:
    policy = source if isinstance(source, Policy) else parse_policy(source)
    return [
        _look_at(statement, name, request, policy.has_variables) for statement in policy.statements
    ]


def _look_at(
    statement: Statement, policy: str, request: Request, with_variables: bool
) -> StatementResult:
    return StatementResult(
        policy=policy,
        statement=statement.label,
        effect=statement.effect,
        principal_matched=_principal(statement, request),
        principals=tuple(value for _, value in statement.principals or ()),
        action_matched=any(action_matches(pattern, request.action) for pattern in statement.actions)
        is not statement.not_action,
        actions=statement.actions,
        resource_matched=_resource(statement, request, with_variables),
        resources=statement.resources or (),
        conditions=tuple(
            _condition(condition, request, with_variables) for condition in statement.conditions
        ),
    )


def _principal(statement: Statement, request: Request) -> bool:
    if statement.principals is None:
        return True
    fits = principal_matches(statement.principals, request.principal) is not None
    return fits is not statement.not_principal


def _resource(statement: Statement, request: Request, with_variables: bool) -> bool:
    """A statement without Resource (a trust policy) is about the resource it is attached to."""
    if statement.resources is None:
        return True
    fits = [_one_resource(pattern, request, with_variables) for pattern in statement.resources]
    return all(fit is False for fit in fits) if statement.not_resource else any(fits)


def _one_resource(pattern: str, request: Request, with_variables: bool) -> bool | None:
    """Whether a pattern fits; None where a variable in it has no value, which fits nothing."""
    if with_variables and has_variable(pattern):
        try:
            pattern = expand(pattern, request.values)
        except UnresolvedError:
            return None
    return matches(pattern, request.resource)


def _condition(condition: Condition, request: Request, with_variables: bool) -> ConditionResult:
    operator = find_operator(condition.operator)
    actual = request.values(condition.key)
    matched = operator is not None and _holds(
        operator, condition.values, actual, request, with_variables
    )
    return ConditionResult(condition.operator, condition.key, condition.values, actual, matched)


def _holds(
    operator: Operator,
    wanted: Values,
    actual: Values | None,
    request: Request,
    with_variables: bool,
) -> bool:
    if operator.name == "Null":
        return any(value.lower() == ("true" if not actual else "false") for value in wanted)
    if operator.quantifier == "ForAllValues" and not actual:
        return True
    if operator.quantifier == "ForAnyValue" and not actual:
        return False
    if actual is None:
        return operator.if_exists or operator.negated
    if not operator.quantifier and len(actual) != 1:
        # A list under an operator for single values fits nothing.
        return operator.negated
    return _compare_all(operator, wanted, actual, request, with_variables)


def _compare_all(
    operator: Operator,
    wanted: Values,
    actual: Values,
    request: Request,
    with_variables: bool,
) -> bool:
    expanded = [_expanded(operator, value, request, with_variables) for value in wanted]
    tests = [None if value is None else comparison(operator, value) for value in expanded]

    def fits(value: str) -> bool:
        outcomes = [None if test is None else test(value) for test in tests]
        return all(outcome is False for outcome in outcomes) if operator.negated else any(outcomes)

    if operator.quantifier == "ForAnyValue":
        return any(map(fits, actual))
    return all(map(fits, actual))


def _expanded(operator: Operator, text: str, request: Request, with_variables: bool) -> str | None:
    """The policy's value with its variables replaced; None where one of them has no value."""
    if not (operator.variables and with_variables and has_variable(text)):
        return text
    try:
        return expand(text, request.values)
    except UnresolvedError:
        return None


def comparison(operator: Operator, wanted: str) -> Callable[[str], bool | None]:
    """How an operator compares a request's value with one of a policy's.

    Patterns take a variable's own `*` for itself; every other comparison is of plain text.
    """
    return partial(operator.compare, wanted if operator.patterns else unescape(wanted))
