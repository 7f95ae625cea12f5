"""Notebook 03: whom the trust policies that a learner wrote admit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_course.exercises.trust_answers import (
    judge_web_identity,
    other_provider,
    token,
)
from irsa_helpers import course, oidc
from irsa_helpers.policy.trust_rules import condition_prefix, subject
from irsa_helpers.trust import build_trust_policy

if TYPE_CHECKING:
    from irsa_course.exercises.judging import Judgement
    from irsa_helpers.worlds import World


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    provider = oidc.provider_arn(world)
    return {
        "provider": provider,
        "issuer": condition_prefix(provider),
        "subject": subject(course.NAMESPACE, course.SERVICE_ACCOUNT),
        "trust": course.trust_policy(world),
        "other": other_provider(world),
        "build_trust_policy": build_trust_policy,
    }


def write(world: World, policy: Any) -> Judgement:
    """It admits analytics/reports-sa, for STS, and nobody else."""
    provider = oidc.provider_arn(world)
    callers = (
        token(provider, "analytics", "reports-sa", welcome=True),
        token(provider, "analytics", "reports-sa", welcome=False, audience="vault"),
        token(provider, "analytics", "default", welcome=False),
        token(provider, "default", "reports-sa", welcome=False),
        token(
            other_provider(world),
            "analytics",
            "reports-sa",
            welcome=False,
            what="analytics/reports-sa of another cluster",
        ),
    )
    return judge_web_identity(world, policy, callers)


def repair(world: World, policy: Any) -> Judgement:
    """It admits the story's ServiceAccount, for STS, and nobody else."""
    provider, own = oidc.provider_arn(world), course.SERVICE_ACCOUNT
    callers = (
        token(provider, "default", own, welcome=True),
        token(provider, "default", own, welcome=False, audience="vault"),
        token(provider, "default", "other-sa", welcome=False),
        token(provider, "staging", own, welcome=False),
    )
    return judge_web_identity(world, policy, callers)


def two_accounts(world: World, policy: Any) -> Judgement:
    """It admits two ServiceAccounts of one namespace, and nobody else."""
    provider = oidc.provider_arn(world)
    callers = (
        token(provider, "default", course.SERVICE_ACCOUNT, welcome=True),
        token(provider, "default", "other-sa", welcome=True),
        token(provider, "default", "made-tomorrow", welcome=False),
        token(provider, "staging", "other-sa", welcome=False),
        token(provider, "default", "other-sa", welcome=False, audience="vault"),
    )
    return judge_web_identity(world, policy, callers)


def two_clusters(world: World, policy: Any) -> Judgement:
    """It admits default/enginrect-sa of this cluster, prod/enginrect-sa of the other."""
    here, there, own = oidc.provider_arn(world), other_provider(world), course.SERVICE_ACCOUNT
    callers = (
        token(here, "default", own, welcome=True, what=f"default/{own} of this cluster"),
        token(there, "prod", own, welcome=True, what=f"prod/{own} of the other cluster"),
        token(here, "prod", own, welcome=False, what=f"prod/{own} of this cluster"),
        token(there, "default", own, welcome=False, what=f"default/{own} of the other cluster"),
    )
    slips = {
        "merged": lambda rules: any(len(rule.providers) > 1 for rule in rules),
        "other-cluster-missing": lambda rules: all(there not in rule.providers for rule in rules),
        "key-of-this-cluster": lambda rules: any(
            there in rule.providers and condition.issuer == condition_prefix(here)
            for rule in rules
            for condition in rule.conditions
        ),
        "same-namespace": lambda rules: any(
            there in rule.providers and ("default", own) in rule.service_accounts for rule in rules
        ),
    }
    return judge_web_identity(world, policy, callers, own=slips)
