"""Condition keys that every request has, whoever makes it.

Source: IAM User Guide, "AWS global condition context keys".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from irsa_helpers.ground.times import stamp
from irsa_sandbox.aws.settings import AwsSettings

if TYPE_CHECKING:
    from irsa_sandbox.aws.callers.callers import Caller

Context = dict[str, str | list[str]]


def of_request(settings: AwsSettings, client: str, namespace: str) -> Context:
    """The keys of time, place and transport; a signature may name another region.

    The time is that of the Kubernetes namespace which the caller comes from, empty for none.
    The sandbox's loopback stands for TLS: AWS's clients always use it, and a policy that insists
    on `aws:SecureTransport` is to be tried out as it is.
    """
    now = settings.clock.of(namespace).now()
    return {
        "aws:CurrentTime": stamp(now),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:SourceIp": client,
        "aws:SecureTransport": "true",
        "aws:RequestedRegion": settings.region,
    }


def of_caller(caller: Caller, region: str) -> Context:
    """The keys that say who calls."""
    if caller.is_anonymous:
        return {"aws:PrincipalType": "Anonymous", "aws:RequestedRegion": region}
    context: Context = {
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalAccount": caller.account_id,
        "aws:PrincipalType": "AssumedRole" if caller.is_role else "User",
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": caller.user_id,
        "aws:RequestedRegion": region,
    }
    if not caller.is_role:
        context["aws:username"] = caller.principal_arn.rpartition("/")[2]
    for key, value in caller.tags.items():
        context[f"aws:PrincipalTag/{key}"] = value
    return context | _of_session(caller)


def _of_session(caller: Caller) -> Context:
    session = caller.session
    if session is None:
        return {}
    context: Context = {"aws:TokenIssueTime": _date(session.issued_at), **session.context}
    if session.source_identity:
        context["aws:SourceIdentity"] = session.source_identity
    return context


def _date(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))
