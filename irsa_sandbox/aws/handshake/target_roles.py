"""The second hop of EKS Pod Identity: from the association's role to its target role.

EKS assumes the target role with the credentials of the association's role, as any caller would:
the target's trust policy must let that role in, and in another account the role's own policies must
allow the call, too. The session tags go along; without them EKS names the workload in the external
id. Source: EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles".
"""

from __future__ import annotations

from collections.abc import Iterator

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Request, explain
from irsa_sandbox.aws.callers.callers import Caller
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Session
from irsa_sandbox.aws.decisions import conditions
from irsa_sandbox.aws.handshake import assumed_roles
from irsa_sandbox.aws.handshake.associations import Association
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.hops import Handshake
from irsa_sandbox.aws.wire.invocations import Invocation

# Our reading: AWS documents no other words for the target role than for the association's.
NOT_TRUSTED = "Unauthorized Exception! EKS does not have permissions to assume the associated role."


def assume(
    desk: Desk,
    handshake: Handshake,
    association: Association,
    first: Session,
    invocation: Invocation,
    client: str,
) -> Session:
    """A session of the target role for one of the association's role. Raises AwsError."""
    arn = association["targetRoleArn"]
    handshake.about(arn)
    role = desk.directory.role(arn)
    if role is None:
        raise handshake.refused(refusal(f"the target role {arn} does not exist"))
    caller, tags = desk.callers.of_session(first), assumed_roles.inherited(first)
    for request in _requests(desk, caller, role, association, tags, invocation, client):
        decision = desk.authorizer.decide_on_role(caller, request, role)
        handshake.chained(caller.arn, role, decision)
        if not decision.allowed:
            raise refusal(explain(decision))
    return assumed_roles.new_session(
        role,
        first.name,
        issued_at=first.issued_at,
        duration_seconds=assumed_roles.CHAINED_DURATION_SECONDS,
        tags=tags,
        transitive_tags=list(tags),
        namespace=first.namespace,
    )


def _requests(
    desk: Desk,
    caller: Caller,
    role: Role,
    association: Association,
    tags: dict[str, str],
    invocation: Invocation,
    client: str,
) -> Iterator[Request]:
    """What the association's role asks for: the role, and to tag the session where it does."""
    context = conditions.of_request(desk.settings, client, caller.namespace)
    context |= conditions.of_caller(caller, invocation.region)
    context["sts:RoleSessionName"] = caller.arn.rpartition("/")[2]
    context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if tags:
        context["aws:TagKeys"] = list(tags)
    else:
        context["sts:ExternalId"] = association["externalId"]
    for action in ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",):
        yield Request(caller.arn, action, role.arn, context)


def refusal(explanation: str) -> AwsError:
    """EKS Auth's refusal where it may not assume a role."""
    return AwsError("AccessDeniedException", 403, NOT_TRUSTED, explanation=explanation)
