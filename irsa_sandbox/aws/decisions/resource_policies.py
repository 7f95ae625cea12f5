"""The policies that resources carry: those of S3 buckets and of secrets."""

from __future__ import annotations

from typing import Any

from irsa_helpers.arns import Arn
from irsa_helpers.policy import Policy, PolicyError, parse_policy
from irsa_sandbox.aws.decisions.need import Need


def of(need: Need) -> tuple[Policy | None, str]:
    """The policy of the resource that a need is about, and the account that owns the resource.

    The account is empty where the resource does not exist or has no policies of its own.
    """
    if need.bucket:
        return _of_bucket(need.bucket)
    if need.secret_arn:
        return _of_secret(need.secret_arn)
    return None, ""


def _of_bucket(name: str) -> tuple[Policy | None, str]:
    from moto.s3.models import s3_backends

    for account_id in list(s3_backends):
        bucket = s3_backends[account_id]["aws"].buckets.get(name)
        if bucket is not None:
            return _parsed(bucket.policy), account_id
    return None, ""


def _of_secret(arn: str) -> tuple[Policy | None, str]:
    from moto.secretsmanager.models import secretsmanager_backends

    place = Arn.parse(arn)
    backend = secretsmanager_backends[place.account_id][place.region]
    for secret in list(backend.secrets.values()):
        if secret.arn == arn:
            return _parsed(getattr(secret, "policy", None)), place.account_id
    return None, ""


def _parsed(document: Any) -> Policy | None:
    """A stored policy; one that cannot be read denies all."""
    if not document:
        return None
    text = document.decode() if isinstance(document, bytes) else document
    try:
        return parse_policy(text)
    except PolicyError:
        return parse_policy(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Sid": "Unreadable",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "*",
                    "Resource": "*",
                },
            }
        )
