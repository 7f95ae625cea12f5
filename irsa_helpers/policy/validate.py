"""What IAM checks before it stores a policy, by the policy's place.

Source: IAM User Guide, "Grammar" and "IAM and AWS STS quotas"; messages as IAM returns them where
they are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from irsa_helpers.policy.document import Policy, PolicyError, Statement, parse_policy

# Characters, white space not counted.
QUOTAS = {"trust": 2048, "user": 2048, "group": 5120, "role": 10_240, "managed": 6144}
_SIGNS = re.compile(r"\s")
_FEDERATED_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(oidc|saml)-provider/\S+")
_FEDERATED_HOSTS = {
    "accounts.google.com",
    "graph.facebook.com",
    "www.amazon.com",
    "cognito-identity.amazonaws.com",
}
_AWS = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|user/\S+|role/\S+)"
    r"|arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)/\S+|A(ROA|IDA)[A-Z0-9]{12,}"
)
_ASSUMING = {
    "sts:assumerole",
    "sts:assumerolewithwebidentity",
    "sts:assumerolewithsaml",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
    "sts:*",
    "*",
}


def validate_trust_policy(
    document: str | Mapping[str, Any], quota: int = QUOTAS["trust"]
) -> Policy:
    """The trust policy, checked. Raises PolicyError with IAM's code and message."""
    policy = parse_policy(document)
    _check_size(document, quota, f"Cannot exceed quota for ACLSizePerRole: {quota}")
    for statement in policy.statements:
        if statement.resources is not None:
            raise PolicyError("Has prohibited field Resource")
        if statement.principals is None:
            raise PolicyError("Missing required field Principal")
        if statement.not_principal:
            raise PolicyError("AssumeRole policy may only specify Principal, not NotPrincipal")
        _check_principals(statement)
        _check_assuming(statement)
    return policy


def validate_identity_policy(
    document: str | Mapping[str, Any], quota: int = QUOTAS["role"], name: str = "role"
) -> Policy:
    """An inline or managed policy, checked. Raises PolicyError with IAM's code and message."""
    policy = parse_policy(document)
    _check_size(document, quota, f"Maximum policy size of {quota} bytes exceeded for {name}")
    for statement in policy.statements:
        if statement.principals is not None:
            raise PolicyError("Policy document should not specify a principal.")
        if statement.resources is None:
            raise PolicyError("Policy statement must contain resources.")
        for resource in statement.resources:
            if resource != "*" and (not resource.startswith("arn:") or resource.count(":") < 5):
                raise PolicyError(f'Resource {resource} must be in ARN format or "*".')
    return policy


def _check_size(document: str | Mapping[str, Any], quota: int, message: str) -> None:
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    if len(_SIGNS.sub("", text)) > quota:
        raise PolicyError(message, code="LimitExceeded")


def _check_principals(statement: Statement) -> None:
    for kind, value in statement.principals or ():
        if kind == "AWS" and not _AWS.fullmatch(value):
            raise PolicyError(f'Invalid principal in policy: "AWS":"{value}"')
        if kind == "Federated" and not (
            _FEDERATED_ARN.fullmatch(value) or value in _FEDERATED_HOSTS
        ):
            raise PolicyError(f'Invalid principal in policy: "FEDERATED":"{value}"')
        if kind == "Service" and not re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", value):
            raise PolicyError(f'Invalid principal in policy: "SERVICE":"{value}"')


def _check_assuming(statement: Statement) -> None:
    """A trust policy speaks of becoming the role, of nothing else."""
    if statement.not_action:
        return
    if any(action.lower() not in _ASSUMING for action in statement.actions):
        raise PolicyError("AssumeRole policy may only specify STS AssumeRole actions.")
