"""One role after another: a caller asks for a role with the credentials that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Decision, Request
from irsa_sandbox.aws.callers.callers import Caller
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Session
from irsa_sandbox.aws.decisions.conditions import Context, of_caller, of_request
from irsa_sandbox.aws.handshake import assumed_roles
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.hops import Hops


@dataclass(frozen=True)
class Chain:
    """Who asks, from where, and the hops that are written of it."""

    desk: Desk
    hops: Hops
    caller: Caller
    region: str
    client: str

    @property
    def tags(self) -> dict[str, str]:
        """The tags that go along a chain of roles: those of EKS Pod Identity do."""
        session = self.caller.session
        if session is None:
            return {}
        return {key: session.tags[key] for key in session.transitive_tags if key in session.tags}

    def check(
        self, role: Role, keys: Context, refused: Callable[[str, Decision], AwsError]
    ) -> None:
        """Return where the role lets the caller in and the caller may ask for it.

        `keys` are the condition keys of the call's own. Raises what `refused` makes of the action
        and the decision.
        """
        context = of_request(self.desk.settings, self.client, self.caller.namespace)
        context |= of_caller(self.caller, self.region) | keys
        context |= {f"aws:RequestTag/{key}": value for key, value in self.tags.items()}
        for action in assumed_roles.actions(self.tags):
            request = Request(self.caller.arn, action, role.arn, context)
            decision = self.desk.authorizer.decide_on_role(self.caller, request, role)
            self.hops.chained(self.caller.arn, role, decision)
            if not decision.allowed:
                raise refused(action, decision)

    def session(self, role: Role, name: str, duration_seconds: int, **rest: Any) -> Session:
        """A session of the role, from now on, by the clock of where the caller comes from."""
        return assumed_roles.new_session(
            role,
            name,
            issued_at=self.desk.settings.clock.of(self.caller.namespace).time(),
            namespace=self.caller.namespace,
            duration_seconds=duration_seconds,
            tags=self.tags,
            transitive_tags=list(self.tags),
            **rest,
        )
