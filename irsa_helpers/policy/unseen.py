"""Policies whose conditions rest on what cannot be seen from outside: judged both ways.

Where a request comes from (`aws:SourceIp`, `aws:SourceVpce`, …) only the one who makes it knows.
The hopeful reading takes each such condition for the caller's good, the fearful one against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from irsa_helpers.policy.evaluate import Decision, Request
from irsa_helpers.policy.lists import statements

Document = Mapping[str, Any]
Sees = Callable[[str], bool]
# (the policies as they are read) -> what AWS would decide
Decide = Callable[[Callable[[Document], Document]], Decision]


@dataclass(frozen=True)
class Judgement:
    """A decision, and how sure it is: `unseen` names the keys that it depends on, none if sure.

    `decision` is the hopeful one: where even that denies, the request is denied.
    """

    decision: Decision
    unseen: tuple[str, ...]


def judge(documents: Sequence[Document], sees: Sees, decide: Decide) -> Judgement:
    """The decision, and the keys that it hangs on. `decide` gets a reading to apply to policies."""
    hopeful = decide(lambda document: reading(document, sees, hopeful=True))
    if not hopeful.allowed:
        return Judgement(hopeful, ())
    fearful = decide(lambda document: reading(document, sees, hopeful=False))
    keys = dict.fromkeys(key for document in documents for key in unseen_keys(document, sees))
    return Judgement(hopeful, () if fearful.allowed else tuple(keys))


def knows(request: Request) -> Sees:
    """Whether a request's key is known: it has it, or is sure not to have it.

    Only keys of the caller's place and of the organisation are unknown: any other key that the
    request does not have, it does not have.
    """
    stated = {key.lower() for key in request.context}
    return lambda key: key.lower() in stated or not is_of_place(key)


# What only the caller, or its organisation's owner, can tell. Source: IAM User Guide, "AWS global
# condition context keys".
OF_PLACE = {
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:ec2instancesourcevpc",
    "aws:ec2instancesourceprivateipv4",
    "aws:useragent",
    "aws:referer",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
}
# Tags of a role or a resource may be there; they are not read.
TAGS = ("aws:principaltag/", "aws:resourcetag/")


def is_of_place(key: str) -> bool:
    """Whether a condition key says what cannot be seen from outside."""
    return key.lower() in OF_PLACE or key.lower().startswith(TAGS)


def is_of_token(key: str) -> bool:
    """Whether a condition key is a claim's, and not one that AWS has for every call."""
    return key.partition(":")[0].lower() not in {"aws", "sts"}


def unseen_keys(document: Document, sees: Sees) -> Iterator[str]:
    """The condition keys of a policy that are not seen."""
    for statement in statements(document):
        for block in statement.get("Condition", {}).values():
            yield from (key for key in block if not sees(key))


def reading(document: Document, sees: Sees, *, hopeful: bool) -> Document:
    """The policy with each condition on an unseen key taken as met or as not met.

    Hopeful: an Allow's is met and a Deny's is not; fearful: the other way round.
    """
    kept = []
    for statement in statements(document):
        seen, dropped = _seen_conditions(statement, sees)
        is_met = (statement.get("Effect") == "Allow") is hopeful
        if not dropped:
            kept.append(statement)
        elif is_met:
            kept.append({**statement, "Condition": seen})
    return {**document, "Statement": kept or [_NOTHING]}


# IAM knows no policy without a statement; this one is about nothing.
_NOTHING = {"Sid": "Nothing", "Effect": "Deny", "Action": "none:none", "Resource": "*"}


def _seen_conditions(statement: dict[str, Any], sees: Sees) -> tuple[dict[str, Any], bool]:
    """The conditions on keys that are seen, and whether there were others."""
    conditions: Mapping[str, Mapping[str, Any]] = statement.get("Condition", {})
    seen = {
        operator: {key: value for key, value in block.items() if sees(key)}
        for operator, block in conditions.items()
    }
    dropped = any(len(seen[operator]) != len(block) for operator, block in conditions.items())
    return {operator: block for operator, block in seen.items() if block}, dropped
