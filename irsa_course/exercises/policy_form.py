"""Slips in a policy's form, of which IAM says no more than that there are syntax errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from irsa_helpers.policy.document import PRINCIPAL_KINDS, STATEMENT_ELEMENTS
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
    principal = statement.get("Principal")
    if isinstance(principal, str) and principal != "*":
        yield "bare-principal"
    if isinstance(principal, Mapping):
        yield from _slips_of_principal(principal)
    actions = listed(statement.get("Action", []))
    if any(isinstance(action, str) and "," in action for action in actions):
        yield "several-in-one"
    if any(isinstance(action, str) and ":" not in action and action != "*" for action in actions):
        yield "action-without-service"
    if isinstance(condition := statement.get("Condition"), Mapping):
        yield from _slips_of_condition(condition)


def _slips_of_principal(principal: Mapping[str, Any]) -> Iterator[str]:
    """Each kind has its own form: AWS has ARNs and accounts, Service names, Federated providers."""
    if set(principal) - PRINCIPAL_KINDS:
        yield "unknown-kind"
    for kind, values in principal.items():
        for text in map(str, listed(values)):
            if kind != "Service" and text.startswith(("pods.eks.", "eks.", "ec2.")):
                yield "kind-of-service"
            if kind == "Federated" and ":role/" in text:
                yield "kind-of-role"
            if kind == "AWS" and not (text.startswith("arn:") or text.isdigit() or text == "*"):
                yield "role-by-name"


def _slips_of_condition(condition: Mapping[str, Any]) -> Iterator[str]:
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping):
            yield "no-operator"
        elif find_operator(operator) is None:
            yield "unknown-operator"
