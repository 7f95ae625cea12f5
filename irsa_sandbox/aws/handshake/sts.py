"""STS: who am I, and credentials for a while.

Source: STS API, botocore sts/2011-06-15.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Decision, Request, explain
from irsa_sandbox.aws.callers.callers import Caller
from irsa_sandbox.aws.callers.directory import Directory, Role
from irsa_sandbox.aws.callers.sessions import Credentials, Session, Sessions, new_access_key_id
from irsa_sandbox.aws.decisions import conditions, session_policies
from irsa_sandbox.aws.decisions.authorize import Authorizer
from irsa_sandbox.aws.handshake import assumed_roles
from irsa_sandbox.aws.handshake.hops import reasons
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import constraints
from irsa_sandbox.aws.wire.invocations import Invocation

SESSION_TOKEN_SECONDS = 43_200
_CHAINED = (
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
    "chaining"
)


class Sts:
    """The operations of STS that a signed request can ask for."""

    def __init__(
        self,
        settings: AwsSettings,
        directory: Directory,
        sessions: Sessions,
        authorizer: Authorizer,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._sessions = sessions
        self._authorizer = authorizer

    def perform(self, caller: Caller, invocation: Invocation, client: str) -> Mapping[str, Any]:
        """The members of the answer. Raises AwsError."""
        operation, parameters = invocation.operation, invocation.parameters
        if operation == "GetCallerIdentity":
            return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account_id}
        if operation == "AssumeRole":
            return self._assume_role(caller, invocation, client)
        if operation == "GetSessionToken":
            return self._session_token(caller, parameters)
        if operation == "GetAccessKeyInfo":
            return self._access_key_info(parameters)
        text = f"The sandbox does not implement sts:{operation}."
        raise AwsError("NotImplemented", 400, text)

    def _assume_role(
        self, caller: Caller, invocation: Invocation, client: str
    ) -> Mapping[str, Any]:
        parameters = invocation.parameters
        assumed_roles.check_form("AssumeRole", parameters)
        _check_supported(parameters)
        duration = parameters.get("DurationSeconds", assumed_roles.DEFAULT_DURATION_SECONDS)
        if caller.is_role and duration > assumed_roles.CHAINED_DURATION_SECONDS:
            raise AwsError("ValidationError", 400, _CHAINED)
        self._began(caller, parameters)
        inherited = assumed_roles.inherited(caller.session)
        role = self._trusted(caller, invocation, inherited, client)
        assumed_roles.check_duration(role, duration)
        session = assumed_roles.new_session(
            role,
            parameters["RoleSessionName"],
            issued_at=self._settings.clock.of(caller.namespace).time(),
            namespace=caller.namespace,
            duration_seconds=duration,
            policies=session_policies.read(parameters, role.account_id, self._directory),
            tags=inherited,
            transitive_tags=list(inherited),
            source_identity=caller.session.source_identity if caller.session else "",
        )
        credentials = self._sessions.seal(session)
        self._ended(caller, role, session, credentials)
        return assumed_roles.result(session, credentials)

    def _trusted(
        self, caller: Caller, invocation: Invocation, tags: dict[str, str], client: str
    ) -> Role:
        """The role, where its trust policy lets the caller in and the caller may ask for it."""
        parameters = invocation.parameters
        arn = parameters["RoleArn"]
        role = self._directory.role(arn)
        if role is None:
            raise self._denied(caller, "sts:AssumeRole", arn, None)
        context = conditions.of_request(self._settings, client, caller.namespace)
        context |= conditions.of_caller(caller, invocation.region)
        context["sts:RoleSessionName"] = parameters["RoleSessionName"]
        if "ExternalId" in parameters:
            context["sts:ExternalId"] = parameters["ExternalId"]
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        for action in ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",):
            request = Request(caller.arn, action, role.arn, context)
            decision = self._authorizer.decide_on_role(caller, request, role)
            self._record(caller, role, decision)
            if not decision.allowed:
                raise self._denied(caller, action, arn, decision)
        return role

    def _began(self, caller: Caller, parameters: dict[str, Any]) -> None:
        self._settings.trace.add(
            "assume-role",
            caller.arn,
            "STS",
            f"{caller.arn} asks for {parameters['RoleArn']}",
            action="AssumeRole",
            role_arn=parameters["RoleArn"],
            role_session_name=parameters["RoleSessionName"],
            caller_arn=caller.arn,
        )

    def _ended(
        self, caller: Caller, role: Role, session: Session, credentials: Credentials
    ) -> None:
        self._settings.trace.add(
            "session",
            "STS",
            caller.arn,
            f"STS gives credentials of {session.arn}, good until {credentials.expiration}",
            role_arn=role.arn,
            assumed_role_arn=session.arn,
            access_key_id=session.access_key_id,
            expiration=credentials.expiration,
        )

    def _record(self, caller: Caller, role: Role, decision: Decision) -> None:
        verb = "may" if decision.allowed else "may not"
        self._settings.trace.add(
            "trust-policy",
            "STS",
            "IAM",
            f"{caller.arn} {verb} assume {role.name}",
            "ok" if decision.allowed else "denied",
            role_arn=role.arn,
            caller_arn=caller.arn,
            **reasons(decision),
        )

    def _denied(
        self, caller: Caller, action: str, role_arn: str, decision: Decision | None
    ) -> AwsError:
        """STS says no more than this, whether the role is there or not."""
        text = f"User: {caller.arn} is not authorized to perform: {action} on resource: {role_arn}"
        reason = explain(decision) if decision else f"the role {role_arn} does not exist"
        return AwsError("AccessDenied", 403, text, explanation=reason)

    def _session_token(self, caller: Caller, parameters: dict[str, Any]) -> Mapping[str, Any]:
        if message := constraints.violations("sts", "GetSessionToken", parameters):
            raise AwsError("ValidationError", 400, message)
        if caller.session is not None:
            text = "Cannot call GetSessionToken with session credentials"
            raise AwsError("AccessDenied", 403, text)
        now = self._settings.clock.time()
        duration = parameters.get("DurationSeconds", SESSION_TOKEN_SECONDS)
        session = Session(
            access_key_id=new_access_key_id(),
            arn=caller.arn,
            principal_arn=caller.principal_arn,
            principal_id=caller.user_id,
            name="",
            account_id=caller.account_id,
            issued_at=now,
            expires_at=float(int(now) + duration),
            tags=dict(caller.tags),
        )
        return {"Credentials": self._sessions.seal(session).to_dict()}

    def _access_key_info(self, parameters: dict[str, Any]) -> Mapping[str, Any]:
        key_id = str(parameters.get("AccessKeyId", ""))
        key = self._directory.access_key(key_id)
        if key is not None:
            return {"Account": key.account_id}
        if key_id == self._settings.admin_access_key_id:
            return {"Account": self._settings.account_id}
        raise AwsError("ValidationError", 400, "Access key id is not valid")


def _check_supported(parameters: dict[str, Any]) -> None:
    """Return where the call asks for nothing that the sandbox lacks."""
    lacking = [
        name
        for name in ("Tags", "TransitiveTagKeys", "SourceIdentity", "SerialNumber", "TokenCode")
        if name in parameters
    ]
    if lacking:
        text = f"The sandbox does not implement {', '.join(lacking)} of sts:AssumeRole."
        raise AwsError("NotImplemented", 400, text)
