"""What an operation asks permission for: actions, resources and the condition keys of the call.

Only what is listed here can be allowed to a role; an operation without an entry is refused to all
but the admin. Source: Service Authorization Reference of each service.
"""

from __future__ import annotations

from collections.abc import Callable

from irsa_sandbox.aws.decisions import needs_dynamodb, needs_eks, needs_iam, needs_s3, needs_secrets
from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.wire.invocations import Invocation

_RULES: dict[str, Callable[[Invocation], list[Need] | None]] = {
    "s3": needs_s3.of,
    "dynamodb": needs_dynamodb.of,
    "secretsmanager": needs_secrets.of,
    "iam": needs_iam.of,
    "eks": needs_eks.of,
    "eks-auth": needs_eks.of,
}


def of(invocation: Invocation) -> list[Need] | None:
    """Everything that must be allowed for the call, None where nobody can tell."""
    return _RULES[invocation.service](invocation)
