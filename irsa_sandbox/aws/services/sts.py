"""STS: who am I, and credentials for a while.

Source: STS API, botocore sts/2011-06-15.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Decision, Request, explain
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Credentials, Session, new_access_key_id
from irsa_sandbox.aws.decisions import conditions, session_policies
from irsa_sandbox.aws.handshake import assumed_roles, web_identity
from irsa_sandbox.aws.handshake.hops import reasons
from irsa_sandbox.aws.services.record import Call, Service
from irsa_sandbox.aws.wire import constraints
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest, query_answer
from irsa_sandbox.aws.wire.operations import form_fields

SESSION_TOKEN_SECONDS = 43_200
_CHAINED = (
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
    "chaining"
)
Members = Mapping[str, Any]


async def _assume_by_token(call: Call) -> Members:
    if not call.caller.is_anonymous:
        raise call.not_implemented()
    identity = web_identity.WebIdentity(call.desk)
    return await identity.assume(call.invocation.parameters, call.client)


async def _caller_identity(call: Call) -> Members:
    caller = call.caller
    return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account_id}


async def _assume_role(call: Call) -> Members:
    caller, parameters = call.caller, call.invocation.parameters
    assumed_roles.check_form("AssumeRole", parameters)
    _check_supported(parameters)
    duration = parameters.get("DurationSeconds", assumed_roles.DEFAULT_DURATION_SECONDS)
    if caller.is_role and duration > assumed_roles.CHAINED_DURATION_SECONDS:
        raise AwsError("ValidationError", 400, _CHAINED)
    _began(call)
    inherited = assumed_roles.inherited(caller.session)
    role = _trusted(call, inherited)
    assumed_roles.check_duration(role, duration)
    session = assumed_roles.new_session(
        role,
        parameters["RoleSessionName"],
        issued_at=call.desk.settings.clock.of(caller.namespace).time(),
        namespace=caller.namespace,
        duration_seconds=duration,
        policies=session_policies.read(parameters, role.account_id, call.desk.directory),
        tags=inherited,
        transitive_tags=list(inherited),
        source_identity=caller.session.source_identity if caller.session else "",
    )
    credentials = call.desk.sessions.seal(session)
    _ended(call, session, credentials)
    return assumed_roles.result(session, credentials)


def _trusted(call: Call, tags: dict[str, str]) -> Role:
    """The role, where its trust policy lets the caller in and the caller may ask for it."""
    caller, parameters, settings = call.caller, call.invocation.parameters, call.desk.settings
    role = call.desk.directory.role(parameters["RoleArn"])
    if role is None:
        raise _denied(call, "sts:AssumeRole", None)
    context = conditions.of_request(settings, call.client, caller.namespace)
    context |= conditions.of_caller(caller, call.invocation.region)
    context["sts:RoleSessionName"] = parameters["RoleSessionName"]
    if "ExternalId" in parameters:
        context["sts:ExternalId"] = parameters["ExternalId"]
    context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    for action in ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",):
        request = Request(caller.arn, action, role.arn, context)
        decision = call.desk.authorizer.decide_on_role(caller, request, role)
        _record(call, role, decision)
        if not decision.allowed:
            raise _denied(call, action, decision)
    return role


def _began(call: Call) -> None:
    arn, parameters = call.caller.arn, call.invocation.parameters
    call.desk.settings.trace.add(
        "assume-role",
        arn,
        "STS",
        f"{arn} asks for {parameters['RoleArn']}",
        action="AssumeRole",
        role_arn=parameters["RoleArn"],
        role_session_name=parameters["RoleSessionName"],
        caller_arn=arn,
    )


def _ended(call: Call, session: Session, credentials: Credentials) -> None:
    call.desk.settings.trace.add(
        "session",
        "STS",
        call.caller.arn,
        f"STS gives credentials of {session.arn}, good until {credentials.expiration}",
        role_arn=session.principal_arn,
        assumed_role_arn=session.arn,
        access_key_id=session.access_key_id,
        expiration=credentials.expiration,
    )


def _record(call: Call, role: Role, decision: Decision) -> None:
    verb = "may" if decision.allowed else "may not"
    call.desk.settings.trace.add(
        "trust-policy",
        "STS",
        "IAM",
        f"{call.caller.arn} {verb} assume {role.name}",
        "ok" if decision.allowed else "denied",
        role_arn=role.arn,
        caller_arn=call.caller.arn,
        **reasons(decision),
    )


def _denied(call: Call, action: str, decision: Decision | None) -> AwsError:
    """STS says no more than this, whether the role is there or not."""
    arn, role_arn = call.caller.arn, call.invocation.parameters["RoleArn"]
    text = f"User: {arn} is not authorized to perform: {action} on resource: {role_arn}"
    reason = explain(decision) if decision else f"the role {role_arn} does not exist"
    return AwsError("AccessDenied", 403, text, explanation=reason)


async def _session_token(call: Call) -> Members:
    caller, parameters = call.caller, call.invocation.parameters
    if message := constraints.violations("sts", "GetSessionToken", parameters):
        raise AwsError("ValidationError", 400, message)
    if caller.session is not None:
        text = "Cannot call GetSessionToken with session credentials"
        raise AwsError("AccessDenied", 403, text)
    now = call.desk.settings.clock.time()
    session = Session(
        access_key_id=new_access_key_id(),
        arn=caller.arn,
        principal_arn=caller.principal_arn,
        principal_id=caller.user_id,
        name="",
        account_id=caller.account_id,
        issued_at=now,
        expires_at=float(int(now) + parameters.get("DurationSeconds", SESSION_TOKEN_SECONDS)),
        tags=dict(caller.tags),
    )
    return {"Credentials": call.desk.sessions.seal(session).to_dict()}


async def _access_key_info(call: Call) -> Members:
    settings, key_id = call.desk.settings, str(call.invocation.parameters.get("AccessKeyId", ""))
    key = call.desk.directory.access_key(key_id)
    if key is not None:
        return {"Account": key.account_id}
    if key_id == settings.admin_access_key_id:
        return {"Account": settings.account_id}
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


def _answering(
    operation: Callable[[Call], Awaitable[Members]],
) -> Callable[[Call], Awaitable[Answer]]:
    async def answer(call: Call) -> Answer:
        return query_answer("sts", call.invocation.operation, await operation(call))

    return answer


def _is_token_call(request: HttpRequest) -> bool:
    """Web identity is the one call of STS that needs no signature."""
    return form_fields(request).get("Action") == web_identity.OPERATION


SERVICE = Service(
    "sts",
    unsigned=_is_token_call,
    answers={
        "GetCallerIdentity": _answering(_caller_identity),
        "AssumeRole": _answering(_assume_role),
        web_identity.OPERATION: _answering(_assume_by_token),
        "GetSessionToken": _answering(_session_token),
        "GetAccessKeyInfo": _answering(_access_key_info),
    },
)
