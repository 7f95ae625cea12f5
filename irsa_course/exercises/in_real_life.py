"""Notebook 09: the two ways to a role of another account, and the SDK's file for the second."""

from __future__ import annotations

import configparser
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import (
    Case,
    Judgement,
    SlipError,
    judged,
    the_text,
)
from irsa_course.exercises.trust_answers import (
    Caller,
    judge_trust,
    judge_web_identity,
    token,
    trust_document,
)
from irsa_helpers import course, oidc
from irsa_helpers.ground import arns
from irsa_helpers.policy.trust_rules import describe_trust_policy
from irsa_helpers.roles import role_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.worlds import World

ACCOUNT_B = "444455556666"
ASSUME = "sts:AssumeRole"
MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": ASSUME, "Resource": "*"},
}


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    built = SimpleNamespace(
        role_arn=role_arn(world, course.ROLE),
        trust_policy=course.trust_policy(world),
        issuer_url=oidc.issuer_url(world),
    )
    return {"built": built, "world": world}


def other_account(world: World, policy: Any) -> Judgement:
    """A role of account B admits default/enginrect-sa of this cluster directly, and nobody else."""
    here, own = oidc.issuer_url(world), course.SERVICE_ACCOUNT
    in_b, in_a = arns.provider_arn(here, ACCOUNT_B), oidc.provider_arn(world)
    callers = (
        token(in_b, "default", own, welcome=True, what=f"default/{own}, by B's provider"),
        token(in_b, "default", "other-sa", welcome=False, what="default/other-sa, by B's provider"),
        token(in_b, "staging", own, welcome=False, what=f"staging/{own}, by B's provider"),
    )
    slips = {
        "provider-of-a": lambda rules: any(in_a in rule.providers for rule in rules),
        "no-provider-yet": lambda rules: not any(rule.providers for rule in rules),
    }
    return judge_web_identity(world, policy, callers, provider_arn=in_b, own=slips)


def chain(world: World, policy: Any) -> Judgement:
    """A role of account B admits every session of the story's role, and no other of account A."""
    account = world.cluster.account_id

    def session(role: str, name: str, welcome: bool) -> Caller:
        arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
        return Caller(f"{role}/{name} of A", arn, welcome, ASSUME)

    callers = (
        session(course.ROLE, "botocore-session-1", True),
        session(course.ROLE, "botocore-session-2", True),
        session("enginrect-admin-role", "me", False),
        session("node-role", "i-0f3c2a9d41b7e8c65", False),
    )
    document = trust_document(policy)
    rules = describe_trust_policy(document)
    principals = " ".join(principal for rule in rules for principal in rule.principals)
    slips = {
        "federated-for-role": "Federated" in principals,
        "service": "Service " in principals,
        "session-named": ":assumed-role/" in principals,
        "whole-account": f"AWS {account}" in principals or ":root" in principals,
        "everybody": "AWS *" in principals or principals == "*",
        "role-of-b": f":{ACCOUNT_B}:" in principals,
        "web-identity-action": all(ASSUME not in rule.actions for rule in rules),
    }
    made_slips = (slip for slip, holds in slips.items() if holds)
    return judge_trust(world, document, callers, made_slips, account=ACCOUNT_B, beside=[MAY_ASSUME])


def config(world: World, answer: Any) -> Judgement:
    """With the profile `shared` an SDK becomes the role in A by its token, then the one in B."""
    sections = _read_config(the_text(answer))
    shared = sections.get("profile shared", {})
    first = sections.get(f"profile {shared.get('source_profile')}", {})
    own, other = role_arn(world, course.ROLE), arns.role_arn(ACCOUNT_B, "shared")
    cases = (
        Case("the role at the end", other, shared.get("role_arn", "none")),
        Case("the role before it", own, first.get("role_arn", "none")),
        Case("that one's proof", "a token", _proof(first)),
    )
    return judged(cases, _config_slips(sections, shared, own))


def _proof(section: dict[str, str]) -> str:
    return "a token" if section.get("web_identity_token_file") else "none"


def _read_config(text: str) -> dict[str, dict[str, str]]:
    """The sections of the SDK's file. Raises SlipError for what is none."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise SlipError("no-config") from error
    return {name: dict(parser[name]) for name in parser.sections()}


def _config_slips(
    sections: dict[str, dict[str, str]], shared: dict[str, str], own: str
) -> Iterator[str]:
    source = shared.get("source_profile")
    slips = {
        "no-profile": not shared,
        "token-again": "web_identity_token_file" in shared,
        "credential-source": "credential_source" in shared,
        "no-source": source is None,
        "quotes": bool({"'", '"'} & set(str(source))),
        "arn-for-source": source == own,
        "heading-for-source": bool(source) and str(source).startswith("profile "),
        "unknown-source": f"profile {source}" not in sections,
    }
    yield from (slip for slip, holds in slips.items() if holds)
