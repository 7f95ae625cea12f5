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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

from irsa_helpers.policy.match import arn_matches, matches

# (value in the policy, value in the request); None where they cannot be compared at all, and then
# neither the operator nor its negation holds.
Compare = Callable[[str, str], bool | None]


@dataclass(frozen=True)
class Operator:
    """A comparison, and the rules around it."""

    name: str
    compare: Compare
    negated: bool = False
    variables: bool = False
    patterns: bool = False
    if_exists: bool = False
    quantifier: str = ""  # "", "ForAllValues" or "ForAnyValue"


def _equals(wanted: str, actual: str) -> bool:
    return wanted == actual


def _equals_ignore_case(wanted: str, actual: str) -> bool:
    # Letter by letter: "ß" is a case of "ẞ", and not of the two letters "SS".
    return [*map(str.casefold, wanted)] == [*map(str.casefold, actual)]


def _boolean(wanted: str, actual: str) -> bool:
    return wanted.lower() in {"true", "false"} and wanted.lower() == actual.lower()


def _binary(wanted: str, actual: str) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(actual, validate=True)
    except (binascii.Error, ValueError):
        return False


def _in_network(wanted: str, actual: str) -> bool | None:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return None


def _arn(wanted: str, actual: str) -> bool | None:
    if wanted != "*" and wanted.count(":") < 5:
        return None
    return arn_matches(wanted, actual)


def _numbers(test: Callable[[float, float], bool]) -> Compare:
    def compare(wanted: str, actual: str) -> bool | None:
        try:
            return test(float(actual), float(wanted))
        except ValueError:
            return None

    return compare


def _dates(test: Callable[[float, float], bool]) -> Compare:
    def compare(wanted: str, actual: str) -> bool | None:
        given, bound = seconds_of(actual), seconds_of(wanted)
        return None if given is None or bound is None else test(given, bound)

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


def _with_negation(
    name: str, negated: str, compare: Compare, *, variables: bool = False, patterns: bool = False
) -> list[Operator]:
    plain = Operator(name, compare, variables=variables, patterns=patterns)
    return [plain, replace(plain, name=negated, negated=True)]


_PLAIN = [
    *_with_negation("StringEquals", "StringNotEquals", _equals, variables=True),
    *_with_negation(
        "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _equals_ignore_case, variables=True
    ),
    *_with_negation("StringLike", "StringNotLike", matches, variables=True, patterns=True),
    *_with_negation("ArnEquals", "ArnNotEquals", _arn, variables=True, patterns=True),
    *_with_negation("ArnLike", "ArnNotLike", _arn, variables=True, patterns=True),
    *_with_negation("IpAddress", "NotIpAddress", _in_network),
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
    matched = _FORM.match(text)
    if not matched:
        return None
    plain = _BY_NAME.get(matched[2].lower())
    if plain is None or (plain.name == "Null" and matched[3]):
        return None
    quantifier = _QUANTIFIERS.get((matched[1] or "").lower(), "")
    return replace(plain, if_exists=bool(matched[3]), quantifier=quantifier)
