"""The credentials of the node's instance, as EC2's metadata service gives them."""

from __future__ import annotations

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.handshake import assumed_roles
from irsa_sandbox.aws.handshake.desk import Desk

INSTANCE_ID = "i-0a1b2c3d4e5f60718"
SESSION_SECONDS = 21_600


def credentials(desk: Desk, role_name: str) -> dict[str, str]:
    """A session of the instance's role. Raises AwsError where there is no such role."""
    settings = desk.settings
    role = desk.directory.role(f"arn:aws:iam::{settings.account_id}:role/{role_name}")
    if role is None:
        raise AwsError("NoSuchEntity", 404, f"the instance's role {role_name} does not exist")
    arn = f"arn:aws:ec2:{settings.region}:{settings.account_id}:instance/{INSTANCE_ID}"
    session = assumed_roles.new_session(
        role,
        INSTANCE_ID,
        issued_at=settings.clock.time(),
        duration_seconds=SESSION_SECONDS,
        context={"ec2:SourceInstanceARN": arn},
    )
    sealed = desk.sessions.seal(session)
    return {
        "AccessKeyId": sealed.access_key_id,
        "SecretAccessKey": sealed.secret_access_key,
        "Token": sealed.session_token,
        "Expiration": sealed.expiration,
    }
