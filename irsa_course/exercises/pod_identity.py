"""Notebook 08: whether EKS may assume a role, for whom, and the association in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import Case, Judgement, NotTriedError, judged
from irsa_course.exercises.trust_answers import (
    Caller,
    judge_trust,
    token,
    trust_document,
    values_of,
)
from irsa_helpers import course, oidc, pod_identity, roles
from irsa_helpers.policy.trust_rules import TrustRule, describe_trust_policy
from irsa_helpers.roles import role_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from irsa_helpers.worlds import World

ACCOUNT = "reports-sa"
Slips = dict[str, "Callable[[list[TrustRule]], bool]"]


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    return {
        "build_pod_identity_trust_policy": pod_identity.build_pod_identity_trust_policy,
        "cluster": world.cluster_name,
        "own_role": role_arn(world, course.ROLE),
        "trust_policy": course.trust_policy,
        "world": world,
    }


def trust(world: World, policy: Any) -> Judgement:
    """EKS Pod Identity may assume the role and tag its sessions, and nobody else may."""
    callers = (
        *_eks("default", course.SERVICE_ACCOUNT, welcome=True),
        Caller("EC2: sts:AssumeRole", "ec2.amazonaws.com", False, "sts:AssumeRole"),
        Caller("EKS itself: sts:AssumeRole", "eks.amazonaws.com", False, "sts:AssumeRole"),
        token(oidc.provider_arn(world), "default", course.SERVICE_ACCOUNT, welcome=False),
    )
    slips: Slips = {
        "federated-for-service": lambda rules: any(rule.providers for rule in rules),
        "role-for-service": lambda rules: _any_principal(rules, "AWS "),
        "other-service": lambda rules: not _any_principal(rules, f"Service {pod_identity.SERVICE}"),
        "web-identity-action": lambda rules: "sts:AssumeRoleWithWebIdentity" in _actions(rules),
        "no-tag-session": lambda rules: "sts:TagSession" not in _actions(rules),
        "no-assume-role": lambda rules: "sts:AssumeRole" not in _actions(rules),
    }
    return _judge(world, policy, callers, slips)


def narrow(world: World, policy: Any) -> Judgement:
    """EKS may assume the role for Pods of default/enginrect-sa alone."""
    own = course.SERVICE_ACCOUNT
    callers = (
        *_eks("default", own, welcome=True),
        *_eks("default", "other-sa", welcome=False),
        *_eks("default", f"{own}-made-tomorrow", welcome=False),
        *_eks("staging", own, welcome=False),
        Caller("EKS, without tags: sts:AssumeRole", pod_identity.SERVICE, False, "sts:AssumeRole"),
    )
    tag = "aws:requesttag/kubernetes-"
    slips: Slips = {
        "no-condition-here": lambda rules: not _keys(rules),
        "principal-tag": lambda rules: any("aws:principaltag/" in key for key in _keys(rules)),
        "claims": lambda rules: any(key.endswith((":sub", ":aud")) for key in _keys(rules)),
        "if-exists": lambda rules: any(
            "IfExists" in condition.operator for rule in rules for condition in rule.conditions
        ),
        "pattern": lambda rules: any("*" in value for value in values_of(rules)),
        "both-in-one": lambda rules: any(":" in v or "/" in v for v in values_of(rules)),
        "only-account": lambda rules: _keys(rules) == {f"{tag}service-account"},
        "only-namespace": lambda rules: _keys(rules) == {f"{tag}namespace"},
    }
    return _judge(world, policy, callers, slips)


def association(world: World, _: Any) -> Judgement:
    """EKS has an association of default/reports-sa with the story's role."""
    wanted = role_arn(world, course.ROLE)
    roles_by_namespace = _associations(world)
    if not roles_by_namespace:
        raise NotTriedError(f"EKS has no association of a ServiceAccount `{ACCOUNT}` yet.")
    given = roles_by_namespace.get("default")
    elsewhere = f"none: only in {', '.join(roles_by_namespace)}"
    case = Case(f"the role that default/{ACCOUNT} is tied to", wanted, given or elsewhere)
    return judged([case], _association_slips(world, given))


def _associations(world: World) -> dict[str, str]:
    """The role that the learner's ServiceAccount is tied to, by its namespace."""
    eks = world.aws("eks")
    listed = eks.list_pod_identity_associations(
        clusterName=world.cluster_name, serviceAccount=ACCOUNT
    )["associations"]
    associations = [
        pod_identity.describe_association(world, ACCOUNT, namespace=association["namespace"])
        for association in listed
    ]
    return {
        association["namespace"]: association["roleArn"]
        for association in associations
        if association
    }


def _association_slips(world: World, given: str | None) -> Iterator[str]:
    if given is None:
        yield "association-elsewhere"
    elif roles.describe_role(world, given.rpartition("/")[2]) is None:
        yield "no-such-role"
    else:
        yield "another-role"


def _judge(world: World, policy: Any, callers: tuple[Caller, ...], slips: Slips) -> Judgement:
    document = trust_document(policy)
    rules = describe_trust_policy(document)
    return judge_trust(
        world, document, callers, (slip for slip, holds in slips.items() if holds(rules))
    )


def _eks(namespace: str, account: str, *, welcome: bool) -> tuple[Caller, ...]:
    """The two calls that EKS makes for a Pod, with the tags that it gives it."""
    tags = {
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": account,
    }
    return tuple(
        Caller(
            f"EKS, for {namespace}/{account}: {action}",
            pod_identity.SERVICE,
            welcome,
            action,
            tags,
        )
        for action in pod_identity.ACTIONS
    )


def _actions(rules: list[TrustRule]) -> set[str]:
    return {action for rule in rules for action in rule.actions}


def _any_principal(rules: list[TrustRule], beginning: str) -> bool:
    return any(principal.startswith(beginning) for rule in rules for principal in rule.principals)


def _keys(rules: list[TrustRule]) -> set[str]:
    return {condition.key.lower() for rule in rules for condition in rule.conditions}
