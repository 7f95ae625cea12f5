"""Notebook 01: what a node's role may become, and by which way a session came to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import foreseen
from irsa_course.exercises.permission_answers import Call, judge_permissions, resources
from irsa_course.exercises.words import find_words
from irsa_helpers.roles import role_arn

if TYPE_CHECKING:
    from irsa_course.exercises.judging import Judgement
    from irsa_helpers.policy import Policy
    from irsa_helpers.worlds import World

ASSUME = "sts:AssumeRole"
# How a session's name begins, by who gave it. Sources: EC2 User Guide, "IAM roles for Amazon EC2";
# EKS User Guide, "Learn how EKS Pod Identity grants pods access"; botocore, credentials.py.
WAYS = {"i-": "instance profile", "eks-": "EKS Pod Identity", "botocore-session-": "IRSA"}


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    statement = {"Effect": "Allow", "Action": ASSUME}
    return {"statement": statement, "role_arn": role_arn, "world": world}


def narrow_proxy(world: World, policy: Any) -> Judgement:
    """The node's role may become the two apps' roles, and no other."""
    wanted = {
        "enginrect-shop-role": True,
        "enginrect-pay-role": True,
        "enginrect-admin-role": False,
        "enginrect-irsa-role": False,
        "enginrect-shop-role-made-tomorrow": False,
    }
    calls = [
        Call(ASSUME, role_arn(world, name), welcome, what=f"become {name}")
        for name, welcome in wanted.items()
    ]

    def named(policy: Policy, text: str) -> bool:
        return any(text in arn for arn in resources(policy))

    slips = {
        "session-arn": lambda policy: named(policy, ":assumed-role/"),
        "several-in-one": lambda policy: named(policy, ","),
        "every-role": lambda policy: named(policy, ":role/*") or "*" in resources(policy),
        "pattern": lambda policy: named(policy, "*"),
        "one-of-two": lambda policy: len(resources(policy)) < 2,
    }
    return judge_permissions(world, policy, calls, own=slips)


def whose_session(_: World, answer: Any) -> Judgement:
    """The answer says of each session by which way it came to be."""

    def way(session: str) -> str:
        name = session.rpartition("/")[2]
        return next(way for beginning, way in WAYS.items() if name.startswith(beginning))

    return foreseen(
        answer, {session: way(session) for session in find_words("01-whose-session").asked}
    )
