"""Bucket policies: read for a decision, and checked before they are stored.

Source: S3 `PutBucketPolicy` (MalformedPolicy).
"""

from __future__ import annotations

from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Policy, PolicyError, parse_policy
from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.decisions.resource_policies import lacks_principal, stored
from irsa_sandbox.aws.wire.invocations import Invocation

_ARN = "arn:aws:s3:::"


def of(invocation: Invocation, need: Need) -> tuple[Policy | None, str]:
    """The policy of the bucket that a need is about, and the account of the bucket."""
    bucket = find(need.resource.removeprefix(_ARN).partition("/")[0])
    return (None, "") if bucket is None else (stored(bucket.policy), bucket.account_id)


def find(name: str) -> Any:
    """moto's record of a bucket, in whichever account it is; None where there is none."""
    from moto.s3.models import s3_backends

    backends = (s3_backends[account_id]["aws"] for account_id in list(s3_backends))
    return next((it.buckets[name] for it in backends if name in it.buckets), None)


def check(invocation: Invocation) -> None:
    """Return when S3 would store the policy. Raises AwsError."""
    text = str(invocation.parameters.get("Policy", ""))
    if not text.startswith("{"):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        policy = parse_policy(text)
    except PolicyError as error:
        raise _malformed(error.message) from error
    if lacks_principal(policy):
        raise _malformed("Missing required field Principal")
    arn = f"{_ARN}{invocation.parameters['Bucket']}"
    within = ("*", arn, f"{arn}*")
    resources = [it for statement in policy.statements for it in statement.resources or ("",)]
    if not all(it in within or it.startswith(f"{arn}/") for it in resources):
        raise _malformed("Policy has invalid resource")


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", 400, message)
