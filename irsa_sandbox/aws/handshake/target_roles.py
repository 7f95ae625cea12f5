"""The second hop of EKS Pod Identity: from the association's role to its target role.

EKS assumes the target role with the credentials of the association's role, as any caller would:
the target's trust policy must let that role in, and in another account the role's own policies must
allow the call, too. The session tags go along; without them EKS names the workload in the external
id. Source: EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles".
"""

from __future__ import annotations

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Decision, explain
from irsa_sandbox.aws.callers.sessions import Session
from irsa_sandbox.aws.decisions.conditions import Context
from irsa_sandbox.aws.handshake.associations import Association
from irsa_sandbox.aws.handshake.assumed_roles import CHAINED_DURATION_SECONDS
from irsa_sandbox.aws.handshake.chaining import Chain

# Our reading: AWS documents no other words for the target role than for the association's.
NOT_TRUSTED = "Unauthorized Exception! EKS does not have permissions to assume the associated role."


def assume(chain: Chain, association: Association, first: Session) -> Session:
    """A session of the target role for one of the association's role. Raises AwsError."""
    arn = association["targetRoleArn"]
    chain.hops.about(arn)
    role = chain.desk.directory.role(arn)
    if role is None:
        raise chain.hops.refused(refusal(f"the target role {arn} does not exist"))
    keys: Context = {"sts:RoleSessionName": first.name}
    if chain.tags:
        keys["aws:TagKeys"] = list(chain.tags)
    else:
        keys["sts:ExternalId"] = association["externalId"]
    chain.check(role, keys, _refused)
    return chain.session(role, first.name, CHAINED_DURATION_SECONDS)


def _refused(action: str, decision: Decision) -> AwsError:
    return refusal(explain(decision))


def refusal(explanation: str) -> AwsError:
    """EKS Auth's refusal where it may not assume a role."""
    return AwsError("AccessDeniedException", 403, NOT_TRUSTED, explanation=explanation)
