"""May this caller do this? The policies are gathered, the decision is made, the refusal is AWS's.

Source: IAM User Guide, "Policy evaluation logic" and "Troubleshoot access denied error messages".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Decision, Policy, Request, explain, nearest_fix
from irsa_helpers.policy.evaluate import (
    BOUNDARY,
    RESOURCE_POLICY,
    SESSION_POLICY,
    TRUST_POLICY,
    account_of,
    evaluate_one_account,
    needs_resource,
)
from irsa_sandbox.aws.callers.callers import Caller, Callers
from irsa_sandbox.aws.callers.directory import Directory, Grants, Role
from irsa_sandbox.aws.decisions import conditions, session_policies
from irsa_sandbox.aws.decisions.need import Need, Rules
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import models
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import Invocation


@dataclass(frozen=True)
class Permissions:
    """Everything that bears on one need of one caller."""

    grants: Grants
    session: Policy | None
    resource: Policy | None
    owner_account_id: str


class Authorizer:
    """Decides calls by the rules of their services, and records the decisions."""

    def __init__(
        self,
        settings: AwsSettings,
        callers: Callers,
        directory: Directory,
        rules: Mapping[str, Rules],
    ) -> None:
        self._settings = settings
        self._callers = callers
        self._directory = directory
        self._rules = rules

    def check(self, caller: Caller, invocation: Invocation, client: str) -> None:
        """Return when the caller may do all that the call needs. Raises AwsError as AWS does."""
        if caller.is_admin:
            return
        wanted = self._rules[invocation.service].needs(invocation)
        if not wanted:
            raise self._unmapped(caller, invocation)
        for need in wanted:
            decision, permissions = self.decide(caller, invocation, need, client)
            self._record(caller, invocation, need, decision)
            if not decision.allowed:
                raise self._refusal(caller, invocation, need, decision, permissions)

    def check_early(self, caller: Caller, invocation: Invocation, client: str) -> None:
        """Raise the AwsError of `check` before it is time; what may go on is not recorded yet."""
        if caller.is_admin:
            return
        for need in self._rules[invocation.service].needs(invocation) or ():
            if error := self.refuse(caller, invocation, need, client):
                raise error

    def decide(
        self, caller: Caller, invocation: Invocation, need: Need, client: str
    ) -> tuple[Decision, Permissions]:
        """The decision on one need, and what it rests on."""
        policy, owner = self._rules_on(invocation, need).resource_policy(invocation, need)
        grants = self._callers.grants(caller)
        permissions = Permissions(grants, self._laid_over(caller), policy, owner)
        context = (
            conditions.of_request(self._settings, client, caller.namespace)
            | conditions.of_caller(caller, invocation.region)
            | dict(need.context)
        )
        request = Request(caller.arn, need.action, need.resource, context)
        decision = _evaluate(request, permissions)
        owner = owner or account_of(need.resource)
        if decision.allowed and owner not in ("", caller.account_id):
            decision = _across_accounts(request, permissions, decision, caller)
        return decision, permissions

    def _rules_on(self, invocation: Invocation, need: Need) -> Rules:
        """The rules of whose resource it is: a call may need another service's, such as a key."""
        return self._rules.get(need.action.partition(":")[0], self._rules[invocation.service])

    def decide_on_role(self, caller: Caller, request: Request, role: Role) -> Decision:
        """Whether the caller may assume the role: its trust policy must let the caller in.

        A trust policy that names just the caller's account leaves it to the caller's own policies;
        so does one of another account.
        """
        grants, session = self._callers.grants(caller), self._laid_over(caller)
        combined = _evaluate(
            request, Permissions(grants, session, role.trust_policy, role.account_id)
        )
        if combined.effect == "ExplicitlyDenied":
            return combined
        if not granted_by_resource(combined):
            reason = "no statement of the trust policy allows it"
            return Decision("ImplicitlyDenied", reason, combined.reasons)
        if role.account_id == caller.account_id:
            return combined
        own = _evaluate(request, Permissions(grants, session, None, ""))
        return combined if own.allowed else own

    def refuse(
        self, caller: Caller, invocation: Invocation, need: Need, client: str
    ) -> AwsError | None:
        """The refusal of one more need, None where it is allowed."""
        decision, permissions = self.decide(caller, invocation, need, client)
        if decision.allowed:
            return None
        self._record(caller, invocation, need, decision)
        return self._refusal(caller, invocation, need, decision, permissions)

    def _laid_over(self, caller: Caller) -> Policy | None:
        """The session policies of the caller as one."""
        policies = caller.session.policies if caller.session else []
        return session_policies.combined(policies, caller.account_id, self._directory)

    def _refusal(
        self,
        caller: Caller,
        invocation: Invocation,
        need: Need,
        decision: Decision,
        permissions: Permissions,
    ) -> AwsError:
        protocol = models.protocol(invocation.service)
        if caller.is_anonymous:
            return common_error("denied", protocol, explanation=explain(decision))
        rules = self._rules[invocation.service]
        if rules.in_small_letters:
            need = replace(need, action=need.action.lower())
        text = f"User: {caller.arn} is not authorized to perform: {need.action}"
        if need.shown:
            text += f" on resource: {need.shown}"
        if rules.tells_why:
            text += _because(caller, need, decision, permissions)
        elif decision.effect == "ExplicitlyDenied":
            text += " with an explicit deny"
        return common_error("denied", protocol, text, explanation=explain(decision))

    def _unmapped(self, caller: Caller, invocation: Invocation) -> AwsError:
        action = f"{invocation.service}:{invocation.operation}"
        text = (
            f"User: {caller.arn} is not authorized to perform: {action} because the sandbox knows "
            "no permission for this operation"
        )
        return common_error("denied", models.protocol(invocation.service), text)

    def _record(
        self, caller: Caller, invocation: Invocation, need: Need, decision: Decision
    ) -> None:
        verb = "may" if decision.allowed else "may not"
        detail: dict[str, Any] = {
            "service": invocation.service,
            "operation": invocation.operation,
            "action": need.action,
            "resource": need.resource,
            "caller_arn": caller.arn,
            "access_key_id": caller.access_key_id,
            "role_arn": caller.principal_arn if caller.is_role else None,
            "decision": decision.to_dict(),
        }
        if need.context:
            detail["context"] = dict(need.context)
        if not decision.allowed:
            refusal = common_error("denied", models.protocol(invocation.service))
            detail |= {
                "code": refusal.code,
                "status": refusal.http_status,
                "explanation": explain(decision),
                "fix": nearest_fix(decision) or None,
            }
        self._settings.trace.add(
            "aws-call",
            caller.arn,
            invocation.service,
            f"{caller.arn} {verb} {need.action} on {need.resource}",
            "ok" if decision.allowed else "denied",
            **detail,
        )


def _evaluate(request: Request, permissions: Permissions) -> Decision:
    return evaluate_one_account(
        request,
        identity_policies=permissions.grants.policies,
        resource_policy=permissions.resource,
        session_policy=permissions.session,
        permissions_boundary=permissions.grants.boundary,
    )


def _across_accounts(
    request: Request, permissions: Permissions, decision: Decision, caller: Caller
) -> Decision:
    """In another account both sides must allow: the caller's policies and the resource's."""
    if caller.is_anonymous:
        return decision
    own = evaluate_one_account(
        request,
        identity_policies=permissions.grants.policies,
        session_policy=permissions.session,
        permissions_boundary=permissions.grants.boundary,
    )
    if not own.allowed:
        return own
    if not granted_by_resource(decision):
        reason = "no resource-based policy statement allows it"
        return Decision("ImplicitlyDenied", reason, decision.reasons)
    return decision


def granted_by_resource(decision: Decision) -> bool:
    """Whether a statement of the resource's own policy lets the caller, or its account, in."""
    return any(_allowed_by(decision, kind) for kind in (TRUST_POLICY, RESOURCE_POLICY))


def _because(caller: Caller, need: Need, decision: Decision, permissions: Permissions) -> str:
    """How a refusal ends: which kind of policy denies, or which kind would have to allow."""
    if decision.effect == "ExplicitlyDenied":
        return f" with an explicit deny in {_denying(decision)}"
    missing = _missing(caller, need, decision, permissions)
    return f" because no {missing} allows the {need.action} action"


def _denying(decision: Decision) -> str:
    denying = next(it for it in decision.reasons if it.effect == "Deny" and it.matched)
    if denying.policy in {TRUST_POLICY, RESOURCE_POLICY}:
        return "a resource-based policy"
    if denying.policy.startswith("identity"):
        return "an identity-based policy"
    return f"a {denying.policy}"


def _missing(caller: Caller, need: Need, decision: Decision, permissions: Permissions) -> str:
    """The kind of policy that kept the call from being allowed."""
    by_resource = granted_by_resource(decision)
    if needs_resource(need.action) and permissions.resource and not by_resource:
        return "resource-based policy"
    granted = _allowed_by(decision, "identity policy") or by_resource
    if not granted:
        return "identity-based policy"
    if permissions.grants.boundary and not _allowed_by(decision, BOUNDARY):
        return BOUNDARY
    if permissions.session and not _allowed_by(decision, SESSION_POLICY):
        return SESSION_POLICY
    return (
        "resource-based policy"
        if permissions.owner_account_id != caller.account_id
        else ("identity-based policy")
    )


def _allowed_by(decision: Decision, kind: str) -> Sequence[object]:
    return [
        reason
        for reason in decision.reasons
        if reason.policy.startswith(kind) and reason.effect == "Allow" and reason.matched
    ]
