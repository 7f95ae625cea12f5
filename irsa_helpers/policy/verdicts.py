"""One trust policy asked by many callers: read once, and asked once for all who are alike.

It has no Resource, in which a variable could stand for what differs between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from irsa_helpers.policy.document import Condition, Policy
from irsa_helpers.policy.evaluate import Request, comparison, evaluate
from irsa_helpers.policy.operators import find_operator
from irsa_helpers.policy.variables import has_variable

Look = tuple[int, Callable[[str], bool | None]]  # which of the values, and how it is compared
Alike = tuple[bool | str | None, ...]


class Verdicts:
    """Whether a trust policy allows requests that differ in the values of some context keys alone.

    Such requests get the same answer wherever each comparison with those values comes out the same:
    the whole question is asked once for each such outcome.
    """

    def __init__(self, policy: Policy, request: Request, keys: Sequence[str]) -> None:
        self._policy = policy
        self._request = request
        self._keys = tuple(keys)
        self._looks = _looks([key.lower() for key in keys], policy)
        self._known: dict[Alike, bool] = {}

    def allows(self, *values: str) -> bool:
        """Whether the policy allows the request with these values of the keys."""
        alike: Alike = values
        if self._looks is not None:
            alike = tuple([compare(values[index]) for index, compare in self._looks])
        if alike not in self._known:
            self._known[alike] = self._ask(values)
        return self._known[alike]

    def _ask(self, values: Sequence[str]) -> bool:
        context = {**self._request.context, **dict(zip(self._keys, values, strict=True))}
        asked = replace(self._request, context=context)
        return evaluate(asked, resource_policy=self._policy).allowed


def _looks(keys: list[str], policy: Policy) -> list[Look] | None:
    """The comparisons with the keys' values; None where a variable may stand for one of them."""
    conditions = [
        condition for statement in policy.statements for condition in statement.conditions
    ]
    if any(has_variable(value) for condition in conditions for value in condition.values):
        return None
    return [
        (keys.index(condition.key.lower()), compare)
        for condition in conditions
        if condition.key.lower() in keys
        for compare in _comparisons(condition)
    ]


def _comparisons(condition: Condition) -> list[Callable[[str], bool | None]]:
    operator = find_operator(condition.operator)
    return [comparison(operator, value) for value in condition.values] if operator else []
