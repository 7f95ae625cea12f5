"""Whether the role of an EKS Pod Identity association may go on to its target role.

Both sides are asked, as STS does: what the association's role may do, and whom the target role
admits. Source: EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError
from irsa_helpers.doctor.fixes.shell import commands, comment, permission_command
from irsa_helpers.doctor.links.association_trust import ERROR, calls, find_role, session_tags
from irsa_helpers.doctor.result import Link, broken, ok
from irsa_helpers.ground import arns
from irsa_helpers.pod_identity import build_target_permission_policy, build_target_trust_policy
from irsa_helpers.policy import Decision, Request, evaluate, evaluate_one_account, explain
from irsa_helpers.policy.lists import listed, statements

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

Document = dict[str, Any]
# How StatementResult.policy names a role's own policy: for sts:TagSession as any resource's.
TRUST = {"trust policy", "resource policy"}


def target_role(case: Case) -> Link:
    """The association's role may assume its target role, with the tags or external id it brings."""
    association = case.association if case.is_by_association else None
    if association is None or not association.get("targetRoleArn"):
        raise SkipError("no target role is asked for")
    first, target = case.acting_as(association["roleArn"]), str(association["targetRoleArn"])
    lacking = _refused(first, association, None)
    if _account(target) != _account(association["roleArn"]):
        if lacking:
            return _own_side(first, target, association, lacking)
        raise CannotSeeError(f"iam:GetRole in account {_account(target)}, which {target} is of")
    role = find_role(case.world, target)
    if role is None:
        return broken(
            f"there is no role {target}",
            expected="the target role of the association",
            error=ERROR,
            fix=comment("make the role, or name another target role in the association"),
        )
    trust = dict(role["AssumeRolePolicyDocument"])
    refused = _refused(first, association, trust)
    if not refused:
        return ok(f"{first.role_name} may become {target}")
    if lacking and all(_trusts(decision) for decision in refused.values()):
        return _own_side(first, target, association, lacking)
    return broken(
        _told(refused),
        expected=f"{target} admits {association['roleArn']} for {' and '.join(calls(association))}",
        error=ERROR,
        fix=_trust_fix(case, role, association),
    )


def _own_side(
    first: Case, target: str, association: Document, lacking: dict[str, Decision]
) -> Link:
    """The role of the association is not allowed to ask."""
    policy = build_target_permission_policy(target, tags=not association.get("disableSessionTags"))
    return broken(
        _told(lacking),
        expected=f"{first.role_name} is allowed {' and '.join(calls(association))} on {target}",
        error=ERROR,
        fix=permission_command(first, "assume-target-role", policy),
    )


def _refused(first: Case, association: Document, trust: Document | None) -> dict[str, Decision]:
    """The calls that are refused: by the role's own policies, or with `trust` by both sides."""
    decisions = {}
    for action in calls(association):
        request = _request(first, association, action)
        identity, boundary = list(first.policies.values()), first.boundary
        if trust is None:
            decisions[action] = evaluate_one_account(
                request, identity_policies=identity, permissions_boundary=boundary
            )
        else:
            decisions[action] = evaluate(
                request,
                identity_policies=identity,
                resource_policy=trust,
                permissions_boundary=boundary,
            )
    return {
        action: decision
        for action, decision in decisions.items()
        if not (decision.allowed and (trust is None or _trusts(decision)))
    }


def _trusts(decision: Decision) -> bool:
    """Whether a statement of the trust policy lets the role, or its account, in."""
    return any(r.policy in TRUST and r.effect == "Allow" and r.matched for r in decision.reasons)


def _request(first: Case, association: Document, action: str) -> Request:
    """The call as EKS makes it; what names the Pod is left open."""
    role, target = association["roleArn"], association["targetRoleArn"]
    parts, tags = arns.Arn.parse(role), session_tags(first.world, association)
    context = {"aws:PrincipalArn": role, "aws:PrincipalAccount": parts.account_id}
    for kind in ("RequestTag", "PrincipalTag"):
        context |= {f"aws:{kind}/{key}": value for key, value in tags.items()}
    if not tags:
        context["sts:ExternalId"] = association["externalId"]
    session = f"assumed-role/{first.role_name}/eks"
    principal = f"arn:{parts.partition}:sts::{parts.account_id}:{session}"
    return Request(principal, action, target, context)


def _told(refused: dict[str, Decision]) -> str:
    lines = [f"{action}: {explain(decision)}" for action, decision in refused.items()]
    return "\n".join(lines)


def _trust_fix(case: Case, role: Document, association: Document) -> str:
    """What admits the association's role; where a statement names it, people must judge."""
    policy = role["AssumeRolePolicyDocument"]
    if any(_is_about(statement, association["roleArn"]) for statement in statements(policy)):
        return comment("change the statement named above, or the association: who should get in?")
    added = build_target_trust_policy(case.world, association)
    kept = {**policy, "Statement": [*statements(policy), *statements(added)]}
    return commands(
        f"aws iam update-assume-role-policy --role-name {role['RoleName']} "
        f"--policy-document '{json.dumps(kept)}'"
    )


def _is_about(statement: Document, role_arn: str) -> bool:
    """Whether a statement names that role, or its account."""
    principal = statement.get("Principal", {})
    named = listed(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
    account = _account(role_arn)
    return any(who in {"*", role_arn, account} or f"::{account}:root" in who for who in named)


def _account(role_arn: str) -> str:
    return arns.Arn.parse(role_arn).account_id
