"""Slips in a policy's form, of which IAM says no more than that there are syntax errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from irsa_helpers.policy.document import STATEMENT_ELEMENTS
from irsa_helpers.policy.lists import listed
from irsa_helpers.policy.operators import find_operator


def slips_of_form(document: Mapping[str, Any]) -> Iterator[str]:
    """The slips in the form of a policy's statements, the one that explains most first."""
    for statement in listed(document.get("Statement", [])):
        if isinstance(statement, Mapping):
            yield from _slips_of_statement(statement)
        else:
            yield "no-statement"


def condition_keys(document: Mapping[str, Any]) -> Iterator[str]:
    """Every key of a condition, in a policy without such slips."""
    for statement in listed(document.get("Statement", [])):
        if isinstance(condition := statement.get("Condition"), Mapping):
            yield from (key for keys in condition.values() for key in keys)


def _slips_of_statement(statement: Mapping[str, Any]) -> Iterator[str]:
    if "Statement" in statement:
        yield "policy-for-statement"
    if set(statement) - STATEMENT_ELEMENTS:
        yield "unknown-element"
    if isinstance(principal := statement.get("Principal"), str) and principal != "*":
        yield "bare-principal"
    actions = listed(statement.get("Action", []))
    if any(isinstance(action, str) and ":" not in action and action != "*" for action in actions):
        yield "action-without-service"
    if isinstance(condition := statement.get("Condition"), Mapping):
        yield from _slips_of_condition(condition)


def _slips_of_condition(condition: Mapping[str, Any]) -> Iterator[str]:
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping):
            yield "no-operator"
        elif find_operator(operator) is None:
            yield "unknown-operator"
