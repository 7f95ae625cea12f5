"""IAM: what moto does not check before it writes.

Source: IAM API, botocore iam/2010-05-08; IAM User Guide, "IAM and AWS STS quotas".
"""

from __future__ import annotations

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import validate_identity_policy, validate_trust_policy
from irsa_helpers.policy.validate import QUOTAS
from irsa_helpers.sandbox.aws import oidc_providers
from irsa_helpers.sandbox.aws.invocations import Invocation

_INLINE = {"PutRolePolicy": "role", "PutUserPolicy": "user", "PutGroupPolicy": "group"}


def check(invocation: Invocation) -> None:
    """Return when IAM would take the call. Raises AwsError with IAM's code and message."""
    operation, parameters = invocation.operation, invocation.parameters
    if operation == "CreateRole":
        validate_trust_policy(parameters["AssumeRolePolicyDocument"])
    elif operation == "UpdateAssumeRolePolicy":
        validate_trust_policy(parameters["PolicyDocument"])
    elif operation == "CreateOpenIDConnectProvider":
        oidc_providers.check_provider(invocation)
    elif operation == "UpdateOpenIDConnectProviderThumbprint":
        oidc_providers.check_thumbprint_update(invocation)
    elif operation in _INLINE:
        kind = _INLINE[operation]
        validate_identity_policy(parameters["PolicyDocument"], QUOTAS[kind], kind)
    elif operation in ("CreatePolicy", "CreatePolicyVersion"):
        validate_identity_policy(parameters["PolicyDocument"], QUOTAS["managed"], "policy")


def refuse(code: str, status: int, message: str) -> AwsError:
    """An error of IAM."""
    return AwsError(code, status, message)
