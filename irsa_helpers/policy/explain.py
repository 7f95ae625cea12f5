"""A decision in plain words, with the nearest fix: what AWS never says.

Formats what `evaluate` found; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from irsa_helpers.policy.evaluate import (
    BOUNDARY,
    NOT_IN_KEY_POLICY,
    RESOURCE_POLICY,
    SESSION_POLICY,
    ConditionResult,
    Decision,
    StatementResult,
)

WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


def explain(decision: Decision) -> str:
    """Why the decision fell as it did, statement by statement; the nearest fix last."""
    if decision.effect == "Allowed":
        return f"Allowed: {decision.reason}."
    if decision.effect == "ExplicitlyDenied":
        return f"Denied: {decision.reason}. A Deny wins over every Allow."
    lines = [f"Denied: {decision.reason}."]
    allows = _missing(decision)
    for statement in allows:
        lines += [f"- {sentence}" for sentence in _misses(statement)]
    if not allows:
        limit = _limit(decision)
        lines.append(f"- {f'the {limit} has' if limit else 'there is'} no Allow statement at all")
    return "\n".join(lines)


def nearest_fix(decision: Decision) -> str:
    """One sentence on the first thing to change; empty where nothing was refused."""
    if decision.effect != "ImplicitlyDenied":
        return "" if decision.allowed else f"Remove or narrow the Deny: {decision.reason}."
    allows = _missing(decision)
    if not allows:
        limit = _limit(decision)
        return f"Add an Allow statement{f' to the {limit}' if limit else ''}."
    nearest = min(allows, key=lambda allow: len(list(_misses(allow))))
    return next(_misses(nearest))


def _limit(decision: Decision) -> str:
    """The session policy, the boundary or a key's policy, where that does not allow; else empty."""
    if decision.reason == NOT_IN_KEY_POLICY:
        return RESOURCE_POLICY
    limits = (SESSION_POLICY, BOUNDARY)
    return next((limit for limit in limits if f"no {limit} statement" in decision.reason), "")


def _missing(decision: Decision) -> list[StatementResult]:
    """The Allow statements of which one would have had to fit: those of the limit, if it is one."""
    limit = _limit(decision)
    allows = [
        result for result in decision.reasons if result.effect == "Allow" and not result.matched
    ]
    return [result for result in allows if limit in ("", result.policy)]


def _misses(statement: StatementResult) -> Iterator[str]:
    """A sentence for each part of the statement that did not fit."""
    where = f"{statement.statement} of the {statement.policy}"
    if not statement.action_matched:
        yield f"{where} is about {_listed(statement.actions)}, which is another action"
    if not statement.resource_matched:
        yield f"{where} is about {_listed(statement.resources)}{_resource_tip(statement)}"
    if not statement.principal_matched:
        yield f"{where} trusts {_listed(statement.principals)}, not this caller"
    for condition in statement.conditions:
        if not condition.matched:
            yield f"{where}: {_condition(condition)}"


def _resource_tip(statement: StatementResult) -> str:
    buckets = [r for r in statement.resources if ":s3:::" in r]
    if any("/" not in r for r in buckets):
        return "; the objects of a bucket are arn:aws:s3:::BUCKET/*, the bucket is without /*"
    return ", which is another resource"


def _condition(condition: ConditionResult) -> str:
    wanted = _listed(condition.wanted)
    if condition.actual is None:
        return (
            f"it asks for {condition.key} ({condition.operator} {wanted}), and the request has no "
            f"such key{_key_tip(condition.key)}"
        )
    actual = _listed(condition.actual)
    name = condition.key.rpartition(":")[2]
    return (
        f"`:{name}` is {actual}; the policy asks for {wanted} ({condition.operator})"
        f"{_value_tip(condition)}"
    )


def _key_tip(key: str) -> str:
    if key.startswith("arn:"):
        return "; write the issuer without https:// there, not the provider's ARN"
    if key.lower().startswith("https:"):
        return "; write the issuer without https://"
    if "oidc.eks" in key:
        return "; compare the issuer in it with the cluster's: the id may be another cluster's"
    return ""


def _value_tip(condition: ConditionResult) -> str:
    assert condition.actual is not None
    operator = condition.operator.lower()
    for wanted in condition.wanted:
        for actual in condition.actual:
            if tip := _pair_tip(operator, wanted, actual):
                return f": {tip}"
    return ""


def _pair_tip(operator: str, wanted: str, actual: str) -> str:
    if "*" in wanted and operator.startswith("stringequals"):
        return "under StringEquals a * is just a character; StringLike takes patterns"
    if wanted.strip() != wanted:
        return "the policy's value has white space around it"
    if wanted.lower() == actual.lower() and wanted != actual:
        return "StringEquals is case-sensitive"
    own, given = wanted.split(":"), actual.split(":")
    if len(own) == len(given) == 4 and own[:2] == given[:2] == ["system", "serviceaccount"]:
        if own[2] != given[2] and own[3] != given[3]:
            return "both namespace and ServiceAccount differ"
        return "the namespace differs" if own[2] != given[2] else "the ServiceAccount differs"
    if actual.startswith("system:serviceaccount:") and "amazonaws.com" in wanted:
        return ":sub and :aud seem to be swapped"
    if wanted.startswith("system:serviceaccount:") and "amazonaws.com" in actual:
        return ":sub and :aud seem to be swapped"
    return ""


def _listed(values: tuple[str, ...]) -> str:
    return " or ".join(f"`{value}`" for value in values) or "nothing"
