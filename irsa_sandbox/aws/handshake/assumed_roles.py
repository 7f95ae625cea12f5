"""What every way of assuming a role has in common: the request's form, the session, the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Credentials, Session, new_access_key_id
from irsa_sandbox.aws.decisions import session_policies
from irsa_sandbox.aws.wire import constraints

DEFAULT_DURATION_SECONDS = 3600
CHAINED_DURATION_SECONDS = 3600
_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/[\x21-\x7e]{1,2000}")


def check_form(operation: str, parameters: dict[str, Any]) -> None:
    """Return when the parameters fit STS's model and the ARN is a role's. Raises AwsError."""
    if message := constraints.violations("sts", operation, parameters):
        raise AwsError("ValidationError", 400, message)
    if not _ROLE_ARN.fullmatch(parameters["RoleArn"]):
        raise AwsError("ValidationError", 400, "Request ARN is invalid")


def check_duration(role: Role, seconds: int) -> None:
    """Return when the role lets a session last that long. Raises AwsError."""
    if seconds > role.max_session_seconds:
        text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError("ValidationError", 400, text)


def actions(tags: Mapping[str, str]) -> tuple[str, ...]:
    """What must be allowed of a role: to assume it, and to tag the session where tags are given."""
    return ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",)


def new_session(
    role: Role, name: str, *, issued_at: float, duration_seconds: int, **rest: Any
) -> Session:
    """A session of the role, from now on."""
    return Session(
        access_key_id=new_access_key_id(),
        arn=f"arn:aws:sts::{role.account_id}:assumed-role/{role.name}/{name}",
        principal_arn=role.arn,
        principal_id=role.role_id,
        name=name,
        account_id=role.account_id,
        issued_at=issued_at,
        expires_at=float(int(issued_at) + duration_seconds),
        tags={**role.tags, **rest.pop("tags", {})},
        **rest,
    )


def result(session: Session, credentials: Credentials, **more: Any) -> dict[str, Any]:
    """The members of the answer, in STS's order; the packed size only where something is packed."""
    return {
        "Credentials": credentials.to_dict(),
        **{name: more[name] for name in ("SubjectFromWebIdentityToken",) if name in more},
        "AssumedRoleUser": {
            "AssumedRoleId": f"{session.principal_id}:{session.name}",
            "Arn": session.arn,
        },
        "PackedPolicySize": session_policies.packed_size(session.policies) or None,
        **{name: more[name] for name in ("Provider", "Audience") if name in more},
        "SourceIdentity": session.source_identity or None,
    }
