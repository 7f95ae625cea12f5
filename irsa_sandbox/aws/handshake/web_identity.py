"""AssumeRoleWithWebIdentity: a token in, credentials out, every link of the chain checked.

The order of the checks is that of the errors reported from AWS; what AWS does not tell (which
condition failed) goes to the trace only. Source: STS API, botocore sts/2011-06-15.
"""

from __future__ import annotations

from typing import Any

from irsa_helpers.arns import issuer_host_path, provider_arn
from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Request, evaluate, explain
from irsa_sandbox.aws.callers.directory import Provider, Role
from irsa_sandbox.aws.decisions import session_policies
from irsa_sandbox.aws.decisions.conditions import of_request
from irsa_sandbox.aws.handshake import assumed_roles, tokens
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.hops import Checks, Handshake
from irsa_sandbox.aws.handshake.jwks import NoKeyError
from irsa_sandbox.aws.handshake.tokens import WebIdentityToken

ACTION = "sts:AssumeRoleWithWebIdentity"
OPERATION = "AssumeRoleWithWebIdentity"
DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
# Claims of a private issuer that a trust policy can ask for, beside `aud` and `sub`.
# Source: IAM User Guide, "Available keys for AWS OIDC federation".
OPTIONAL_CLAIMS = ("amr", "email")


class WebIdentity:
    """The part of STS that takes tokens."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def assume(self, parameters: dict[str, Any], client: str) -> dict[str, Any]:
        """The members of the answer. Raises AwsError as STS refuses."""
        handshake = Handshake(self._desk.settings, OPERATION, parameters)
        try:
            assumed_roles.check_form(OPERATION, parameters)
            if "ProviderId" in parameters:
                text = "ProviderId is for OAuth 2.0 access tokens, not for OpenID Connect tokens"
                raise AwsError("ValidationError", 400, text)
            token = tokens.read(parameters["WebIdentityToken"])
        except AwsError as error:
            handshake.refused(error)
            raise
        handshake.began(token)
        provider = self._provider(handshake, token)
        audience = await self._verify(handshake, token, provider)
        role = self._trusted(handshake, token, provider, audience, client)
        return self._answer(handshake, token, provider, audience, role)

    def _provider(self, handshake: Handshake, token: WebIdentityToken) -> Provider:
        """The provider registered for the issuer, in the role's account."""
        arn = provider_arn(token.issuer, handshake.account_id)
        registered = token.issuer.startswith("https://")
        provider = self._desk.directory.provider(arn) if registered else None
        if provider is None:
            handshake.add("provider", "IAM", f"IAM has no {arn}", "denied", provider_arn=arn)
            text = f"No OpenIDConnect provider found in your account for {token.issuer}"
            raise AwsError("InvalidIdentityToken", 400, text, explanation=f"IAM has no {arn}")
        handshake.add(
            "provider",
            "IAM",
            f"IAM has a provider for {provider.issuer_host_path}",
            provider_arn=arn,
            client_ids=list(provider.client_ids),
        )
        return provider

    async def _verify(
        self, handshake: Handshake, token: WebIdentityToken, provider: Provider
    ) -> str:
        """The audience that the provider accepts, once signature and times are found good."""
        checks = Checks(handshake)
        await self._check_signature(handshake, checks, token)
        audience = _matched_audience(token, provider)
        checks.add("aud", audience is not None, list(provider.client_ids), list(token.audiences))
        if audience is None:
            raise checks.failed(_wrong_audience(token, provider))
        now = self._desk.settings.clock.of(token.namespace).time()
        try:
            tokens.check_times(token.claims, now)
        except AwsError as error:
            checks.add("exp, nbf, iat", False, f"in force at {int(now)}", error.explanation)
            raise checks.failed(error) from error
        checks.add("exp, nbf, iat", True, f"in force at {int(now)}", _times(token))
        checks.passed()
        return audience

    async def _check_signature(
        self, handshake: Handshake, checks: Checks, token: WebIdentityToken
    ) -> None:
        try:
            found = await self._desk.keys.find(token.issuer, token.key_id)
        except NoKeyError as error:
            handshake.add("jwks", "issuer", str(error), "error", kid=token.key_id, cached=False)
            raise tokens.bad_signature(str(error)) from error
        how = "knows" if found.cached else "fetches"
        summary = f"STS {how} the issuer's key {token.key_id[:12]}"
        handshake.add(
            "jwks", "issuer", summary, url=found.url, kid=token.key_id, cached=found.cached
        )
        try:
            tokens.verify_signature(token, found.key)
        except AwsError as error:
            checks.add("signature", False, f"by key {token.key_id}", error.explanation)
            raise checks.failed(error) from error
        checks.add("signature", True, f"by key {token.key_id}", token.algorithm)
        checks.add("iss", True, token.issuer, token.issuer)

    def _trusted(
        self,
        handshake: Handshake,
        token: WebIdentityToken,
        provider: Provider,
        audience: str,
        client: str,
    ) -> Role:
        """The role, where it is there and its trust policy lets this token in."""
        role = self._desk.directory.role(handshake.role_arn)
        if role is None:
            summary = f"the role {handshake.role_arn} does not exist"
            handshake.add("trust-policy", "IAM", summary, "denied", decision=None)
            raise AwsError("AccessDenied", 403, DENIED, explanation=summary)
        context = of_request(self._desk.settings, client, token.namespace)
        context |= _context(token, provider, audience)
        context["sts:RoleSessionName"] = handshake.session_name
        decision = evaluate(
            Request(provider.arn, ACTION, role.arn, context), resource_policy=role.trust_policy
        )
        handshake.decided(role, decision)
        if not decision.allowed:
            raise AwsError("AccessDenied", 403, DENIED, explanation=explain(decision))
        return role

    def _answer(
        self,
        handshake: Handshake,
        token: WebIdentityToken,
        provider: Provider,
        audience: str,
        role: Role,
    ) -> dict[str, Any]:
        parameters = handshake.parameters
        duration = parameters.get("DurationSeconds", assumed_roles.DEFAULT_DURATION_SECONDS)
        try:
            assumed_roles.check_duration(role, duration)
            policies = session_policies.read(parameters, role.account_id, self._desk.directory)
        except AwsError as error:
            handshake.refused(error)
            raise
        session = assumed_roles.new_session(
            role,
            handshake.session_name,
            issued_at=self._desk.settings.clock.of(token.namespace).time(),
            namespace=token.namespace,
            duration_seconds=duration,
            policies=policies,
            context={"aws:FederatedProvider": provider.arn},
        )
        credentials = self._desk.sessions.seal(session)
        handshake.ended(session, credentials.expiration)
        return assumed_roles.result(
            session,
            credentials,
            SubjectFromWebIdentityToken=token.subject,
            Provider=provider.arn,
            Audience=audience,
        )


def _matched_audience(token: WebIdentityToken, provider: Provider) -> str | None:
    """The client id that the token is for: its `azp` where it has one, else one of its `aud`."""
    asked = (token.claims["azp"],) if "azp" in token.claims else token.audiences
    return next((each for each in asked if each in provider.client_ids), None)


def _wrong_audience(token: WebIdentityToken, provider: Provider) -> AwsError:
    explanation = (
        f"the token is for {', '.join(token.audiences)}; the provider's client ids are "
        f"{', '.join(provider.client_ids) or 'none'}"
    )
    text = "Incorrect token audience"
    return AwsError("InvalidIdentityToken", 400, text, explanation=explanation)


def _context(
    token: WebIdentityToken, provider: Provider, audience: str
) -> dict[str, str | list[str]]:
    """The condition keys that the token brings: they begin with the issuer without its scheme."""
    prefix = issuer_host_path(token.issuer)
    audiences = list(token.audiences)
    context: dict[str, str | list[str]] = {
        f"{prefix}:aud": audience,
        f"{prefix}:sub": token.subject,
        f"{prefix}:oaud": audiences[0] if len(audiences) == 1 else audiences,
        "aws:FederatedProvider": provider.arn,
    }
    for name in OPTIONAL_CLAIMS:
        value = token.claims.get(name)
        texts = value if isinstance(value, list) else [value]
        if value is not None and all(isinstance(each, str) for each in texts):
            context[f"{prefix}:{name}"] = value
    return context


def _times(token: WebIdentityToken) -> dict[str, int]:
    return {name: token.claims[name] for name in ("exp", "nbf", "iat") if name in token.claims}
