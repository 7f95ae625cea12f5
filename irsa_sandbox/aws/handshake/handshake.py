"""From a token to a session: the way that STS's web identity and EKS Auth have in common.

A token is read, verified and trusted, and a session is given for it; every step is a hop in the
trace. What a service demands on the way, and in which words it refuses, is its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Request, evaluate, explain
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Credentials, Session
from irsa_sandbox.aws.decisions.conditions import Context, of_request
from irsa_sandbox.aws.handshake import tokens
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.hops import Checks, Hops
from irsa_sandbox.aws.handshake.tokens import WebIdentityToken


class Handshake(ABC):
    """One token's way. Each step raises AwsError where a link of the chain does not hold."""

    tells_times = True
    """Whether the trace says at what time a token was in force."""

    def __init__(self, desk: Desk, hops: Hops, client: str) -> None:
        self.desk = desk
        self.hops = hops
        self.client = client

    async def perform(self) -> tuple[WebIdentityToken, Session, Credentials]:
        """The token, the session that it is good for, and the session's credentials."""
        token = self._read()
        await self._verify(token)
        session = self.session(token, self._trusted(token))
        credentials = self.desk.sessions.seal(session)
        self.hops.ended(session, credentials.expiration)
        return token, session, credentials

    def now(self, token: WebIdentityToken) -> float:
        """The time where the token comes from."""
        return self.desk.settings.clock.of(token.namespace).time()

    def _read(self) -> WebIdentityToken:
        try:
            token = self.read()
        except AwsError as error:
            self.hops.refused(error)
            raise self.unreadable(error) from error
        self.hops.began(token)
        return token

    async def _verify(self, token: WebIdentityToken) -> None:
        checks = Checks(self.hops)
        await self.check_issuer(checks, token)
        self.check_audience(checks, token)
        self._check_times(checks, token)
        checks.passed()

    def _check_times(self, checks: Checks, token: WebIdentityToken) -> None:
        now = self.now(token)
        expected = f"in force at {int(now)}" if self.tells_times else "in force"
        try:
            tokens.check_times(token.claims, now)
        except AwsError as error:
            checks.note("exp, nbf, iat", expected, error.explanation, self.untimely(error))
        if self.tells_times:
            checks.note("exp, nbf, iat", expected, token.times)

    def _trusted(self, token: WebIdentityToken) -> Role:
        """The role, where its trust policy lets this token in."""
        role, principal, actions, context = self.asked(token)
        context = of_request(self.desk.settings, self.client, token.namespace) | context
        for action in actions:
            request = Request(principal, action, role.arn, context)
            decision = evaluate(request, resource_policy=role.trust_policy)
            self.hops.decided(role, decision)
            if not decision.allowed:
                raise self.denied(explain(decision))
        return role

    @abstractmethod
    def read(self) -> WebIdentityToken:
        """The token of a call that is of the right form."""

    @abstractmethod
    async def check_issuer(self, checks: Checks, token: WebIdentityToken) -> None:
        """The issuer is known and has made the signature."""

    @abstractmethod
    def check_audience(self, checks: Checks, token: WebIdentityToken) -> None:
        """The token is meant for whom it is handed to."""

    @abstractmethod
    def asked(self, token: WebIdentityToken) -> tuple[Role, str, Sequence[str], Context]:
        """The role, who asks for it with which actions, and the condition keys of the token."""

    @abstractmethod
    def session(self, token: WebIdentityToken, role: Role) -> Session:
        """The session that the token is good for."""

    def unreadable(self, error: AwsError) -> AwsError:
        """The refusal of a call whose token cannot be read."""
        return error

    def untimely(self, error: AwsError) -> AwsError:
        """The refusal of a token that is not in force."""
        return error

    @abstractmethod
    def denied(self, explanation: str) -> AwsError:
        """The refusal of a role that the token does not get."""
