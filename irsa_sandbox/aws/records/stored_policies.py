"""Bucket and secret policies, checked before they are stored.

Source: S3 `PutBucketPolicy` (MalformedPolicy), Secrets Manager `PutResourcePolicy`
(MalformedPolicyDocumentException).
"""

from __future__ import annotations

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Policy, PolicyError, parse_policy
from irsa_sandbox.aws.wire.invocations import Invocation


def check(invocation: Invocation) -> None:
    """Return when the service would store the policy. Raises AwsError with the service's code."""
    if invocation.operation == "PutBucketPolicy":
        _check_bucket_policy(invocation)
    elif (invocation.service, invocation.operation) == ("secretsmanager", "PutResourcePolicy"):
        _check_secret_policy(invocation)


def _check_bucket_policy(invocation: Invocation) -> None:
    text = str(invocation.parameters.get("Policy", ""))
    if not text.startswith("{"):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        policy = parse_policy(text)
    except PolicyError as error:
        raise _malformed(error.message) from error
    if _lacks_principal(policy):
        raise _malformed("Missing required field Principal")
    arn = f"arn:aws:s3:::{invocation.parameters['Bucket']}"
    listed = [each for statement in policy.statements for each in statement.resources or ("",)]
    if not all(
        each == arn or each.startswith(f"{arn}/") or each in ("*", f"{arn}*") for each in listed
    ):
        raise _malformed("Policy has invalid resource")


def _check_secret_policy(invocation: Invocation) -> None:
    text = str(invocation.parameters.get("ResourcePolicy", ""))
    code = "MalformedPolicyDocumentException"
    try:
        policy = parse_policy(text)
    except PolicyError as error:
        raise AwsError(code, 400, error.message) from error
    if _lacks_principal(policy):
        raise AwsError(code, 400, "This resource policy contains a statement without a principal.")


def _lacks_principal(policy: Policy) -> bool:
    return any(statement.principals is None for statement in policy.statements)


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", 400, message)
