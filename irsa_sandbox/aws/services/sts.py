"""STS: who am I, and credentials for a while.

Source: STS API, botocore sts/2011-06-15.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Decision, explain
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Session, new_access_key_id
from irsa_sandbox.aws.decisions import session_policies
from irsa_sandbox.aws.decisions.conditions import Context
from irsa_sandbox.aws.handshake import assumed_roles, web_identity
from irsa_sandbox.aws.handshake.chaining import Chain
from irsa_sandbox.aws.handshake.hops import Hops
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
    return await web_identity.assume(call.desk, call.invocation.parameters, call.client)


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
    hops = Hops(call.desk.settings, "AssumeRole", parameters)
    chain = Chain(call.desk, hops, caller, call.invocation.region, call.client)
    hops.asked(caller.arn, caller_arn=caller.arn)
    role = _trusted(call, chain)
    assumed_roles.check_duration(role, duration)
    session = chain.session(
        role,
        parameters["RoleSessionName"],
        duration,
        policies=session_policies.read(parameters, role.account_id, call.desk.directory),
        source_identity=caller.session.source_identity if caller.session else "",
    )
    credentials = call.desk.sessions.seal(session)
    hops.ended(session, credentials.expiration, caller.arn)
    return assumed_roles.result(session, credentials)


def _trusted(call: Call, chain: Chain) -> Role:
    """The role, where its trust policy lets the caller in and the caller may ask for it.

    STS says no more than that it does not, whether the role is there or not.
    """
    parameters = call.invocation.parameters
    arn = parameters["RoleArn"]
    names = ("RoleSessionName", "ExternalId")
    keys: Context = {f"sts:{name}": parameters[name] for name in names if name in parameters}

    def refused(action: str, reason: Decision | str) -> AwsError:
        text = f"User: {call.caller.arn} is not authorized to perform: {action} on resource: {arn}"
        why = reason if isinstance(reason, str) else explain(reason)
        return AwsError("AccessDenied", 403, text, explanation=why)

    role = call.desk.directory.role(arn)
    if role is None:
        raise refused("sts:AssumeRole", f"the role {arn} does not exist")
    chain.check(role, keys, refused)
    return role


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
