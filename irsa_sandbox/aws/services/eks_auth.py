"""EKS Auth: the Pod Identity agent hands in a Pod's token and gets its role's credentials.

Source: EKS Auth API, botocore eks-auth/2023-11-26; Service Authorization Reference, "Actions,
resources, and condition keys for Amazon EKS Auth".
"""

from __future__ import annotations

from irsa_sandbox.aws.decisions.need import Need, Rules
from irsa_sandbox.aws.handshake.eks_auth import OPERATION, assume
from irsa_sandbox.aws.services.record import Call, Service
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, json_answer


def _needs(invocation: Invocation) -> list[Need]:
    place = f"arn:aws:eks:{invocation.region}:{invocation.account_id}:"
    arn = f"{place}cluster/{invocation.parameters.get('clusterName', '')}"
    return [Need(f"eks-auth:{OPERATION}", arn, arn)]


async def _assume(call: Call) -> Answer:
    call.check()
    return json_answer(await assume(call.desk, call.invocation, call.client))


SERVICE = Service(
    "eks-auth",
    endpoint="eks",
    rules=Rules(_needs, tells_why=False),
    answers={OPERATION: _assume},
)
