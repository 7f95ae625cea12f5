"""One handshake's way through the checks, hop by hop in the trace."""

from __future__ import annotations

from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.ground.arns import Arn
from irsa_helpers.policy import Decision, explain, nearest_fix
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Session
from irsa_sandbox.aws.handshake.tokens import WebIdentityToken
from irsa_sandbox.aws.settings import AwsSettings


class Hops:
    """One call's way through the checks, hop by hop in the trace."""

    def __init__(
        self,
        settings: AwsSettings,
        action: str,
        parameters: dict[str, Any],
        service: str = "STS",
    ) -> None:
        self._trace = settings.trace
        self.service = service
        self._action = action
        self.parameters = parameters
        self.role_arn = str(parameters.get("RoleArn", ""))
        self.session_name = str(parameters.get("RoleSessionName", ""))
        self._common: dict[str, Any] = {"role_arn": self.role_arn}

    @property
    def account_id(self) -> str:
        """The account that the role is in."""
        return Arn.parse(self.role_arn).account_id

    def add(self, kind: str, target: str, summary: str, outcome: Any = "ok", **detail: Any) -> None:
        """Record a hop from the service."""
        self._trace.add(kind, self.service, target, summary, outcome, **self._common, **detail)

    def about(self, role_arn: str) -> None:
        """The role is known now: EKS Auth finds it in the association."""
        self.role_arn = role_arn
        self._common["role_arn"] = role_arn

    def began(self, token: WebIdentityToken) -> None:
        """Record that the service got a token that reads well."""
        self._common |= _workload(token)
        audiences = list(token.audiences)
        self.asked(
            token.subject,
            issuer=token.issuer,
            sub=token.subject,
            aud=audiences,
            header={"alg": token.algorithm, "kid": token.key_id},
            claims=token.claims,
        )

    def asked(self, who: str, **detail: Any) -> None:
        """Record who asks for the role."""
        self._trace.add(
            "assume-role",
            who,
            self.service,
            f"{who} asks for {self.role_arn or 'the role of its association'}",
            **self._common,
            action=self._action,
            role_session_name=self.session_name,
            **detail,
        )

    def refused(self, error: AwsError) -> AwsError:
        """Record a call that is refused before a trust policy is asked; returns the error."""
        self._trace.add(
            "assume-role",
            "caller",
            self.service,
            f"{self.service} refuses the call: {error.code}",
            "denied",
            **self._common,
            action=self._action,
            role_session_name=self.session_name,
            code=error.code,
            explanation=error.explanation or error.message,
        )
        return error

    def decided(self, role: Role, decision: Decision) -> None:
        """Record what the trust policy said of a token."""
        verb = "lets the token in" if decision.allowed else "does not let the token in"
        self._judged(f"the trust policy of {role.name} {verb}", decision)

    def chained(self, caller_arn: str, role: Role, decision: Decision) -> None:
        """Record whether one role may assume the next one."""
        verb = "may" if decision.allowed else "may not"
        self._judged(f"{caller_arn} {verb} assume {role.name}", decision, caller_arn=caller_arn)

    def _judged(self, summary: str, decision: Decision, **detail: Any) -> None:
        """All of a decision, and, of a refusal, why and what to do."""
        detail["decision"] = decision.to_dict()
        detail["explanation"] = None if decision.allowed else explain(decision)
        detail["fix"] = nearest_fix(decision) or None
        outcome = "ok" if decision.allowed else "denied"
        self.add("trust-policy", "IAM", summary, outcome, **detail)

    def ended(self, session: Session, expiration: str, caller: str = "caller") -> None:
        """Record the session."""
        self.add(
            "session",
            caller,
            f"{self.service} gives credentials of {session.arn}, good until {expiration}",
            assumed_role_arn=session.arn,
            access_key_id=session.access_key_id,
            expiration=expiration,
        )


class Checks:
    """The checks of a token's content, recorded as one hop."""

    def __init__(self, hops: Hops) -> None:
        self._hops = hops
        self._checks: list[dict[str, Any]] = []

    def note(self, name: str, expected: Any, seen: Any, error: AwsError | None = None) -> None:
        """Note one check. Raises its error where it has one, once the hop is recorded."""
        ok = error is None
        self._checks.append({"name": name, "ok": ok, "expected": expected, "found": seen})
        if error is not None:
            self._add(f"refuses the token: {name} ({error.code})", "denied", code=error.code)
            raise error

    def passed(self) -> None:
        """Record that all went well."""
        self._add("finds the token good")

    def _add(self, verb: str, outcome: Any = "ok", **detail: Any) -> None:
        service = self._hops.service
        summary = f"{service} {verb}"
        self._hops.add("token-check", service, summary, outcome, checks=self._checks, **detail)


def _workload(token: WebIdentityToken) -> dict[str, Any]:
    """Where in the cluster the token says it comes from."""
    kubernetes = token.claims.get("kubernetes.io")
    if not isinstance(kubernetes, dict):
        return {}

    def name(part: str) -> Any:
        return kubernetes[part].get("name") if isinstance(kubernetes.get(part), dict) else None

    workload = {
        "namespace": kubernetes.get("namespace"),
        "pod": name("pod"),
        "service_account": name("serviceaccount"),
    }
    return {key: value for key, value in workload.items() if isinstance(value, str)}
