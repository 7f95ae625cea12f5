"""The roles of an account, and which of them name a ServiceAccount or a provider."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from irsa_helpers import trust
from irsa_helpers.doctor.evidence.reading import once, read_aws

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

SUBJECT = re.compile(r"system:serviceaccount:[a-z0-9.-]+:[a-z0-9.-]+")


def all_roles(world: World) -> list[dict[str, Any]]:
    """Every role of your account, as `iam:ListRoles` gives it."""
    pages = world.aws("iam").get_paginator("list_roles").paginate()
    read = read_aws("iam:ListRoles", lambda: list(pages)) or []
    return [role for page in read for role in page["Roles"]]


def roles_naming(world: World, subject: str) -> list[dict[str, Any]]:
    """The roles of your account in whose trust policy the subject's text stands."""
    by_subject = once(world, "roles by subject", lambda: _by_subject(all_roles(world)))
    return by_subject.get(subject, [])


def _by_subject(roles: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Each ServiceAccount that a trust policy names, also as the start of a pattern: its roles."""
    by_subject: dict[str, list[dict[str, Any]]] = {}
    for role in roles:
        for subject in set(SUBJECT.findall(json.dumps(role["AssumeRolePolicyDocument"]))):
            by_subject.setdefault(subject, []).append(role)
    return by_subject


def trusts(role: dict[str, Any], provider_arn: str) -> bool:
    """Whether a role's trust policy names that provider, or everybody."""
    rules = trust.describe_trust_policy(role["AssumeRolePolicyDocument"])
    return any(provider_arn in rule.providers or "*" in rule.principals for rule in rules)
