"""Seeded random cases: small vocabularies, so that policies and requests often meet."""

from __future__ import annotations

import random
from typing import Any

from tests.policy.cases import (
    ACCOUNT,
    BUCKET,
    ISSUER,
    OBJECT,
    PROVIDER,
    ROLE,
    SESSION,
    SUB,
    USER,
    WEB_IDENTITY,
    Case,
    policy,
)

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "dynamodb:Query"]
ACTION_PATTERNS = [*ACTIONS, "s3:*", "s3:Get*", "s3:?etObject", "*", "S3:GETOBJECT"]
RESOURCES = [OBJECT, f"{BUCKET}/red/a", BUCKET]
RESOURCE_PATTERNS = [
    *RESOURCES,
    "*",
    f"{BUCKET}/*",
    f"{BUCKET}*",
    BUCKET + "/${aws:PrincipalTag/team}/*",
]
VALUES = {
    "aws:PrincipalTag/team": ["red", "blue", "Red", "r*"],
    "s3:prefix": ["red/", "blue/", "red/a", "*"],
    "aws:SourceIp": ["10.1.2.3", "192.168.0.1"],
    "aws:CurrentTime": ["2026-11-23T00:00:00Z", "2026-01-01T00:00:00Z"],
    "aws:SecureTransport": ["true", "false"],
    "s3:max-keys": ["1", "10", "100"],
    "aws:TagKeys": ["a", "b", "c"],
}
WANTED = {
    "aws:PrincipalTag/team": ["red", "blue", "r*", "RED", "?ed"],
    "s3:prefix": ["red/", "red/*", "${aws:PrincipalTag/team}/", "*"],
    "aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/24", "10.1.2.3"],
    "aws:CurrentTime": ["2026-06-01T00:00:00Z", "2026-11-23T00:00:00Z"],
    "aws:SecureTransport": ["true", "false"],
    "s3:max-keys": ["1", "10", "50"],
    "aws:TagKeys": ["a", "b", "a*"],
}
STRING = [
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
]
OPERATORS = {
    "aws:PrincipalTag/team": STRING,
    "s3:prefix": STRING,
    "aws:SourceIp": ["IpAddress", "NotIpAddress"],
    "aws:CurrentTime": ["DateLessThan", "DateGreaterThanEquals", "DateEquals", "DateNotEquals"],
    "aws:SecureTransport": ["Bool"],
    "s3:max-keys": ["NumericLessThanEquals", "NumericGreaterThan", "NumericNotEquals"],
    "aws:TagKeys": [
        "ForAllValues:StringLike",
        "ForAnyValue:StringEquals",
        "ForAllValues:StringNotEquals",
    ],
}
PRINCIPALS: list[Any] = [
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": ROLE},
    {"AWS": SESSION},
    {"AWS": USER},
    {"AWS": [USER, ROLE]},
    "*",
]


def some_of(dice: random.Random, values: list[Any]) -> Any:
    """One value, or a list of two."""
    return dice.choice(values) if dice.random() < 0.7 else dice.sample(values, 2)


def condition(dice: random.Random) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for key in dice.sample(list(OPERATORS), dice.choice([1, 1, 2])):
        operator = dice.choice(OPERATORS[key])
        if dice.random() < 0.2:
            operator += "IfExists"
        if dice.random() < 0.1:
            operator, wanted = "Null", dice.choice(["true", "false"])
        else:
            wanted = some_of(dice, WANTED[key])
        block.setdefault(operator, {})[key] = wanted
    return block


def statement(dice: random.Random, principal: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": dice.choices(["Allow", "Deny"], [4, 1])[0]}
    action = "NotAction" if dice.random() < 0.1 else "Action"
    resource = "NotResource" if dice.random() < 0.1 else "Resource"
    made[action] = some_of(dice, ACTION_PATTERNS)
    made[resource] = some_of(dice, RESOURCE_PATTERNS)
    if principal:
        made["Principal"] = dice.choice(PRINCIPALS)
    if dice.random() < 0.5:
        made["Condition"] = condition(dice)
    return made


def random_policy(dice: random.Random, principal: bool = False) -> dict[str, Any]:
    return policy(*(statement(dice, principal) for _ in range(dice.choice([1, 1, 2, 3]))))


def context(dice: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, values in VALUES.items():
        if dice.random() < 0.6:
            found[key] = (
                dice.sample(values, dice.choice([1, 2]))
                if key == "aws:TagKeys"
                else dice.choice(values)
            )
    return found


def identity_case(dice: random.Random, number: int) -> Case:
    case: Case = {
        "id": f"random {number}",
        "principal": dice.choice([SESSION, USER]),
        "action": dice.choice(ACTIONS),
        "resource": dice.choice(RESOURCES),
        "context": context(dice),
        "identity_policies": [random_policy(dice) for _ in range(dice.choice([0, 1, 1, 2]))],
    }
    if dice.random() < 0.3:
        case["resource_policy"] = random_policy(dice, principal=True)
    # A session policy beside a grant to the session's ARN is where the simulator departs.
    named = SESSION in str(case.get("resource_policy"))
    if dice.random() < 0.2 and case["principal"] == SESSION and not named:
        case["session_policy"] = random_policy(dice)
    if dice.random() < 0.2:
        case["permissions_boundary"] = random_policy(dice)
    return case


def trust_case(dice: random.Random, number: int) -> Case:
    sub, aud = f"{ISSUER}:sub", f"{ISSUER}:aud"
    subjects = [
        SUB,
        SUB.upper(),
        "system:serviceaccount:default:*",
        "system:serviceaccount:*:*",
        "x",
    ]
    audiences = ["sts.amazonaws.com", "sts.*", "vault"]
    prefixes = ["", "", "ForAllValues:", "ForAnyValue:"]
    block: dict[str, Any] = {}
    for key, values in ((sub, subjects), (aud, audiences)):
        if dice.random() < 0.8:
            operator = (
                dice.choice(prefixes) + dice.choice(STRING) + dice.choice(["", "", "IfExists"])
            )
            block.setdefault(operator, {})[key] = some_of(dice, values)
    statements = [
        {
            "Effect": dice.choices(["Allow", "Deny"], [4, 1])[0],
            "Principal": {"Federated": PROVIDER},
            "Action": dice.choice([WEB_IDENTITY, "sts:*", "sts:AssumeRole"]),
            "Condition": block,
        }
    ]
    claims = {}
    if dice.random() < 0.9:
        claims[sub] = dice.choice([SUB, "system:serviceaccount:default:other", "X"])
    if dice.random() < 0.9:
        claims[aud] = dice.choice(["sts.amazonaws.com", "vault"])
    return {
        "id": f"random trust {number}",
        "principal": PROVIDER,
        "action": WEB_IDENTITY,
        "resource": ROLE,
        "context": claims,
        "resource_policy": policy(*statements),
    }


def random_cases(count: int, seed: int) -> list[Case]:
    """That many cases, a third of them trust policies; the same for the same seed."""
    dice = random.Random(seed)
    make = [identity_case, identity_case, trust_case]
    return [make[number % 3](dice, number) for number in range(count)]
