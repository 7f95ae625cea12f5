"""Whether the role of an EKS Pod Identity association lets EKS assume it for these Pods.

Source: EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity" and "Grant
Pods access to AWS resources based on tags".
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import CannotSeeError, read_aws
from irsa_helpers.doctor.fixes.shell import commands, comment
from irsa_helpers.doctor.result import Link, broken, ok
from irsa_helpers.ground import arns
from irsa_helpers.pod_identity import ACTIONS, SERVICE
from irsa_helpers.policy import Decision, Request, evaluate, explain
from irsa_helpers.policy.admission import of_every_call
from irsa_helpers.policy.lists import listed, statements
from irsa_helpers.policy.unseen import judge, knows

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case
    from irsa_helpers.worlds import World

OF_THE_POD = {"aws:requesttag/kubernetes-pod-name", "aws:requesttag/kubernetes-pod-uid"}
ERROR = "AccessDeniedException: the agent gives the Pod no credentials"


def association_trust(case: Case, association: dict[str, Any]) -> Link:
    """The trust policy allows EKS both calls, with the tags that it gives these Pods."""
    role = find_role(case.world, association["roleArn"])
    if role is None:
        return broken(
            f"there is no role {association['roleArn']}",
            expected="a role that trusts EKS Pod Identity",
            error=ERROR,
            fix=comment("make the role, or name another one in the association"),
        )
    refused = refusals(case.world, role, association)
    if not refused:
        return ok(f"admits {SERVICE} for {' and '.join(calls(association))}")
    return broken(
        "\n".join(f"{action}: {explain(decision)}" for action, decision in refused.items()),
        expected=f"{SERVICE} may {' and '.join(calls(association))}",
        error=ERROR,
        fix=_fix(role, refused),
    )


def find_role(world: World, role_arn: str) -> dict[str, Any] | None:
    """The role as `iam:GetRole` gives it, or None. Raises CannotSeeError for another account's."""
    arn = arns.Arn.parse(role_arn)
    if arn.account_id != world.cluster.account_id:
        raise CannotSeeError(f"the role is of account {arn.account_id}")
    get = world.aws("iam").get_role
    answer = read_aws("iam:GetRole", get, RoleName=arn.resource.rpartition("/")[2])
    return dict(answer["Role"]) if answer else None


def calls(association: dict[str, Any]) -> tuple[str, ...]:
    """What EKS asks STS for: the role, and to tag the session unless that is switched off."""
    return ACTIONS[:1] if association.get("disableSessionTags") else ACTIONS


def session_tags(world: World, association: dict[str, Any]) -> dict[str, str]:
    """The tags that EKS gives the sessions of these Pods, but for those that name the Pod."""
    if association.get("disableSessionTags"):
        return {}
    return {
        "eks-cluster-arn": world.cluster.arn,
        "eks-cluster-name": world.cluster.name,
        "kubernetes-namespace": association["namespace"],
        "kubernetes-service-account": association["serviceAccount"],
    }


def refusals(
    world: World, role: dict[str, Any], association: dict[str, Any]
) -> dict[str, Decision]:
    """The calls that the role's trust policy refuses to EKS; what names the Pod is left open."""
    cluster = world.cluster
    context: dict[str, str | list[str]] = {
        **of_every_call(cluster.region),
        "aws:SourceAccount": cluster.account_id,
        "aws:SourceArn": cluster.arn,
    }
    for key, value in session_tags(world, association).items():
        context[f"aws:RequestTag/{key}"] = value
    policy = role["AssumeRolePolicyDocument"]
    decisions = {
        action: _decide(Request(SERVICE, action, role["Arn"], context), policy)
        for action in calls(association)
    }
    return {action: decision for action, decision in decisions.items() if not decision.allowed}


def _decide(request: Request, policy: dict[str, Any]) -> Decision:
    """What the policy says, with what only the Pod has (its name and uid) taken for its good."""
    return judge(
        [policy],
        lambda key: key.lower() not in OF_THE_POD and knows(request)(key),
        lambda read: evaluate(request, resource_policy=read(policy)),
    ).decision


def _fix(role: dict[str, Any], refused: dict[str, Decision]) -> str:
    """What adds the call that a statement for EKS lacks; a condition is for people to judge."""
    policy = copy.deepcopy(role["AssumeRolePolicyDocument"])
    for statement in statements(policy):
        actions = listed(statement.get("Action", []))
        if _is_for_eks(statement) and not set(refused) <= set(actions):
            statement["Action"] = [
                *actions,
                *(action for action in refused if action not in actions),
            ]
            return commands(
                f"aws iam update-assume-role-policy --role-name {role['RoleName']} "
                f"--policy-document '{json.dumps(policy)}'"
            )
    return comment("change the condition named above, or the association: whom should it admit?")


def _is_for_eks(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = listed(principal.get("Service", [])) if isinstance(principal, dict) else []
    return statement.get("Effect") == "Allow" and SERVICE in services
