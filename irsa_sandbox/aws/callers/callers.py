"""Who calls: the request's signature verified, its key or session recognised."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from irsa_helpers.policy import parse_policy
from irsa_sandbox.aws.callers import signature
from irsa_sandbox.aws.callers.directory import AccessKey, Directory, Grants
from irsa_sandbox.aws.callers.sessions import InvalidSessionTokenError, Session, Sessions
from irsa_sandbox.aws.settings import ADMIN_USER, AwsSettings
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.messages import HttpRequest

ALL = parse_policy(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Admin", "Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
ANONYMOUS_ARN = "anonymous"


@dataclass(frozen=True)
class Caller:
    """A principal: `arn` as GetCallerIdentity shows it, `principal_arn` as policies name it."""

    arn: str
    principal_arn: str
    user_id: str
    account_id: str
    access_key_id: str
    is_admin: bool = False
    session: Session | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The Kubernetes namespace that its session comes from, if any: by whose clock it goes."""
        return self.session.namespace if self.session else ""

    @property
    def is_role(self) -> bool:
        """Whether it is a session of a role."""
        return ":assumed-role/" in self.arn

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody signed."""
        return self.arn == ANONYMOUS_ARN


ANONYMOUS = Caller(ANONYMOUS_ARN, ANONYMOUS_ARN, "", "", "")


class Callers:
    """Recognises callers by their signatures."""

    def __init__(self, settings: AwsSettings, sessions: Sessions, directory: Directory) -> None:
        self._settings = settings
        self._sessions = sessions
        self._directory = directory

    def authenticate(self, request: HttpRequest, protocol: str) -> tuple[Caller, signature.Claim]:
        """The caller and the claim it proved. Raises AwsError where the signature is not good."""
        claim = signature.read(request, protocol)
        caller, secret = self._claimed(claim)
        signature.verify(request, claim, secret, time.time())
        self._check_alive(caller, protocol)
        return caller, claim

    def recognise(self, head: HttpRequest, protocol: str) -> Caller:
        """The caller that a request's head speaks of, while its body is not read yet.

        Raises AwsError where the signature cannot be good, whatever the body is.
        """
        claim = signature.read(head, protocol)
        caller, secret = self._claimed(claim)
        signature.verify_head(head, claim, secret, time.time())
        self._check_alive(caller, protocol)
        return caller

    def grants(self, caller: Caller) -> Grants:
        """The identity policies that hold for a caller."""
        if caller.is_admin:
            return Grants((ALL,), None)
        if caller.is_role:
            return self._directory.role_grants(caller.principal_arn)
        if caller.is_anonymous:
            return Grants((), None)
        return self._directory.user_grants(caller.principal_arn)

    def _claimed(self, claim: signature.Claim) -> tuple[Caller, str]:
        if claim.access_key_id.startswith("ASIA") or claim.session_token:
            return self._session_caller(claim)
        return self._user_caller(claim)

    def _session_caller(self, claim: signature.Claim) -> tuple[Caller, str]:
        if not claim.session_token:
            raise common_error("unknown-key", claim.protocol)
        try:
            session, secret = self._sessions.open(claim.access_key_id, claim.session_token)
        except InvalidSessionTokenError as error:
            raise common_error("bad-token", claim.protocol, explanation=str(error)) from error
        return self.of_session(session), secret

    def of_session(self, session: Session) -> Caller:
        """The caller that a session's credentials speak for."""
        return Caller(
            session.arn,
            session.principal_arn,
            _user_id(session),
            session.account_id,
            session.access_key_id,
            is_admin=session.principal_arn == self._settings.admin_arn and not session.policies,
            session=session,
            tags=session.tags,
        )

    def _user_caller(self, claim: signature.Claim) -> tuple[Caller, str]:
        if claim.access_key_id == self._settings.admin_access_key_id:
            return self._admin(), self._settings.admin_secret_access_key
        key = self._directory.access_key(claim.access_key_id)
        if key is None or not key.active:
            raise common_error("unknown-key", claim.protocol)
        return _user(key), key.secret_access_key

    def _admin(self) -> Caller:
        arn = self._settings.admin_arn
        return Caller(
            arn,
            arn,
            self._directory.user_id(arn) or ADMIN_USER,
            self._settings.account_id,
            self._settings.admin_access_key_id,
            is_admin=True,
        )

    def _check_alive(self, caller: Caller, protocol: str) -> None:
        """A session that is over, or whose role or user is gone, speaks for nobody.

        The unique id tells: whoever has the same name later is somebody else.
        """
        session = caller.session
        if session is None:
            return
        if session.expires_at <= self._settings.clock.of(session.namespace).time():
            raise common_error("expired", protocol)
        if caller.is_role:
            role = self._directory.role(session.principal_arn)
            if role is None or role.role_id != session.principal_id:
                raise common_error("bad-token", protocol, explanation="its role was deleted")
        elif session.principal_arn != self._settings.admin_arn and (
            self._directory.user_id(session.principal_arn) != session.principal_id
        ):
            raise common_error("bad-token", protocol, explanation="its user was deleted")


def _user(key: AccessKey) -> Caller:
    return Caller(
        key.user_arn,
        key.user_arn,
        key.user_id,
        key.account_id,
        key.access_key_id,
        tags=key.tags,
    )


def _user_id(session: Session) -> str:
    is_role = ":assumed-role/" in session.arn
    return f"{session.principal_id}:{session.name}" if is_role else session.principal_id
