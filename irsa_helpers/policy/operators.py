"""Condition operators: how a request's value is compared with a policy's.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context
keys".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from irsa_helpers.policy.match import arn_matches, matches

Compare = Callable[[str, str], bool]  # (value in the policy, value in the request)


@dataclass(frozen=True)
class Operator:
    """A comparison, and the rules around it."""

    name: str
    compare: Compare
    negated: bool = False
    variables: bool = False
    if_exists: bool = False
    quantifier: str = ""  # "", "ForAllValues" or "ForAnyValue"


def _equals(wanted: str, actual: str) -> bool:
    return wanted == actual


def _equals_ignore_case(wanted: str, actual: str) -> bool:
    return wanted.casefold() == actual.casefold()


def _boolean(wanted: str, actual: str) -> bool:
    return wanted.lower() in {"true", "false"} and wanted.lower() == actual.lower()


def _binary(wanted: str, actual: str) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(actual, validate=True)
    except (binascii.Error, ValueError):
        return False


def _in_network(wanted: str, actual: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _numbers(test: Callable[[float, float], bool]) -> Compare:
    def compare(wanted: str, actual: str) -> bool:
        try:
            return test(float(actual), float(wanted))
        except ValueError:
            return False

    return compare


def _dates(test: Callable[[float, float], bool]) -> Compare:
    def compare(wanted: str, actual: str) -> bool:
        given, bound = seconds_of(actual), seconds_of(wanted)
        return given is not None and bound is not None and test(given, bound)

    return compare


def seconds_of(text: str) -> float | None:
    """A W3C date or epoch seconds, as epoch seconds; None for neither."""
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _orders(prefix: str, of: Callable[[Callable[[float, float], bool]], Compare]) -> list[Operator]:
    return [
        Operator(f"{prefix}Equals", of(lambda a, b: a == b)),
        Operator(f"{prefix}NotEquals", of(lambda a, b: a == b), negated=True),
        Operator(f"{prefix}LessThan", of(lambda a, b: a < b)),
        Operator(f"{prefix}LessThanEquals", of(lambda a, b: a <= b)),
        Operator(f"{prefix}GreaterThan", of(lambda a, b: a > b)),
        Operator(f"{prefix}GreaterThanEquals", of(lambda a, b: a >= b)),
    ]


def _with_negation(name: str, negated: str, compare: Compare, variables: bool) -> list[Operator]:
    return [
        Operator(name, compare, variables=variables),
        Operator(negated, compare, negated=True, variables=variables),
    ]


_PLAIN = [
    *_with_negation("StringEquals", "StringNotEquals", _equals, True),
    *_with_negation(
        "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _equals_ignore_case, True
    ),
    *_with_negation("StringLike", "StringNotLike", matches, True),
    *_with_negation("ArnEquals", "ArnNotEquals", arn_matches, True),
    *_with_negation("ArnLike", "ArnNotLike", arn_matches, True),
    *_with_negation("IpAddress", "NotIpAddress", _in_network, False),
    *_orders("Numeric", _numbers),
    *_orders("Date", _dates),
    Operator("Bool", _boolean),
    Operator("BinaryEquals", _binary),
    Operator("Null", _boolean),
]
_BY_NAME = {operator.name.lower(): operator for operator in _PLAIN}
_FORM = re.compile(r"^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$", re.IGNORECASE)
_QUANTIFIERS = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}


@lru_cache(maxsize=256)
def find_operator(text: str) -> Operator | None:
    """The operator of a name such as `ForAnyValue:StringLikeIfExists`; None for an unknown one."""
    found = _FORM.match(text)
    if not found:
        return None
    plain = _BY_NAME.get(found[2].lower())
    if plain is None or (plain.name == "Null" and found[3]):
        return None
    return Operator(
        plain.name,
        plain.compare,
        plain.negated,
        plain.variables,
        bool(found[3]),
        _QUANTIFIERS.get((found[1] or "").lower(), ""),
    )
