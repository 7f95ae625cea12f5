"""AssumeRoleWithWebIdentity: a token in, credentials out, every link of the chain checked.

The order of the checks is that of the errors reported from AWS; what AWS does not tell (which
condition failed) goes to the trace only. Source: STS API, botocore sts/2011-06-15.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.ground.arns import issuer_host_path, provider_arn
from irsa_sandbox.aws.callers.directory import Provider, Role
from irsa_sandbox.aws.callers.sessions import Session
from irsa_sandbox.aws.decisions import session_policies
from irsa_sandbox.aws.decisions.conditions import Context
from irsa_sandbox.aws.handshake import assumed_roles, tokens
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.handshake import Handshake
from irsa_sandbox.aws.handshake.hops import Checks, Hops
from irsa_sandbox.aws.handshake.jwks import NoKeyError, VerificationKey
from irsa_sandbox.aws.handshake.tokens import WebIdentityToken

ACTION = "sts:AssumeRoleWithWebIdentity"
OPERATION = "AssumeRoleWithWebIdentity"
DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
# Claims of a private issuer that a trust policy can ask for, beside `aud` and `sub`.
# Source: IAM User Guide, "Available keys for AWS OIDC federation".
OPTIONAL_CLAIMS = ("amr", "email")


async def assume(desk: Desk, parameters: dict[str, Any], client: str) -> dict[str, Any]:
    """The members of the answer. Raises AwsError as STS refuses."""
    handshake = _WebIdentity(desk, parameters, client)
    token, session, credentials = await handshake.perform()
    return assumed_roles.result(
        session,
        credentials,
        SubjectFromWebIdentityToken=token.subject,
        Provider=handshake.provider.arn,
        Audience=handshake.audience,
    )


class _WebIdentity(Handshake):
    provider: Provider
    """The provider registered for the issuer, once it is known."""
    audience: str
    """The client id that the token is for, once that is found good."""

    def __init__(self, desk: Desk, parameters: dict[str, Any], client: str) -> None:
        super().__init__(desk, Hops(desk.settings, OPERATION, parameters), client)
        self._parameters = parameters

    def read(self) -> WebIdentityToken:
        assumed_roles.check_form(OPERATION, self._parameters)
        if "ProviderId" in self._parameters:
            text = "ProviderId is for OAuth 2.0 access tokens, not for OpenID Connect tokens"
            raise AwsError("ValidationError", 400, text)
        return tokens.read(self._parameters["WebIdentityToken"])

    async def check_issuer(self, checks: Checks, token: WebIdentityToken) -> None:
        self.provider = self._registered(token)
        key, expected = await self._key(token), f"by key {token.key_id}"
        try:
            tokens.verify_signature(token, key)
        except AwsError as error:
            checks.note("signature", expected, error.explanation, error)
        checks.note("signature", expected, token.algorithm)
        checks.note("iss", token.issuer, token.issuer)

    def _registered(self, token: WebIdentityToken) -> Provider:
        """The provider registered for the issuer, in the role's account."""
        arn = provider_arn(token.issuer, self.hops.account_id)
        https = token.issuer.startswith("https://")
        provider = self.desk.directory.provider(arn) if https else None
        if provider is None:
            self.hops.add("provider", "IAM", f"IAM has no {arn}", "denied", provider_arn=arn)
            text = f"No OpenIDConnect provider found in your account for {token.issuer}"
            raise AwsError("InvalidIdentityToken", 400, text, explanation=f"IAM has no {arn}")
        summary, listed = f"IAM has a provider for {provider.issuer_host_path}", provider.client_ids
        self.hops.add("provider", "IAM", summary, provider_arn=arn, client_ids=list(listed))
        return provider

    async def _key(self, token: WebIdentityToken) -> VerificationKey:
        key_id = token.key_id
        try:
            known = await self.desk.keys.find(token.issuer, key_id)
        except NoKeyError as error:
            self.hops.add("jwks", "issuer", str(error), "error", kid=key_id, cached=False)
            raise tokens.bad_signature(str(error)) from error
        summary = f"STS {'knows' if known.cached else 'fetches'} the issuer's key {key_id[:12]}"
        self.hops.add("jwks", "issuer", summary, url=known.url, kid=key_id, cached=known.cached)
        return known.key

    def check_audience(self, checks: Checks, token: WebIdentityToken) -> None:
        """The token's `azp` counts where it has one, else any of its `aud`."""
        accepted, listed = self.provider.client_ids, list(token.audiences)
        asked = [token.claims["azp"]] if "azp" in token.claims else listed
        fitting = [audience for audience in asked if audience in accepted]
        wrong = None if fitting else _wrong_audience(listed, accepted)
        checks.note("aud", list(accepted), listed, wrong)
        self.audience = fitting[0]

    def asked(self, token: WebIdentityToken) -> tuple[Role, str, Sequence[str], Context]:
        role = self.desk.directory.role(self.hops.role_arn)
        if role is None:
            summary = f"the role {self.hops.role_arn} does not exist"
            self.hops.add("trust-policy", "IAM", summary, "denied", decision=None)
            raise self.denied(summary)
        context = _context(token, self.provider, self.audience)
        context["sts:RoleSessionName"] = self.hops.session_name
        return role, self.provider.arn, (ACTION,), context

    def session(self, token: WebIdentityToken, role: Role) -> Session:
        parameters = self._parameters
        duration = parameters.get("DurationSeconds", assumed_roles.DEFAULT_DURATION_SECONDS)
        try:
            assumed_roles.check_duration(role, duration)
            policies = session_policies.read(parameters, role.account_id, self.desk.directory)
        except AwsError as error:
            self.hops.refused(error)
            raise
        return assumed_roles.new_session(
            role,
            self.hops.session_name,
            issued_at=self.now(token),
            namespace=token.namespace,
            duration_seconds=duration,
            policies=policies,
            context={"aws:FederatedProvider": self.provider.arn},
        )

    def denied(self, explanation: str) -> AwsError:
        return AwsError("AccessDenied", 403, DENIED, explanation=explanation)


def _wrong_audience(audiences: Sequence[str], accepted: Sequence[str]) -> AwsError:
    explanation = (
        f"the token is for {', '.join(audiences)}; the provider's client ids are "
        f"{', '.join(accepted) or 'none'}"
    )
    text = "Incorrect token audience"
    return AwsError("InvalidIdentityToken", 400, text, explanation=explanation)


def _context(token: WebIdentityToken, provider: Provider, audience: str) -> Context:
    """The condition keys that the token brings: they begin with the issuer without its scheme."""
    prefix = issuer_host_path(token.issuer)
    audiences = list(token.audiences)
    context: Context = {
        f"{prefix}:aud": audience,
        f"{prefix}:sub": token.subject,
        f"{prefix}:oaud": audiences[0] if len(audiences) == 1 else audiences,
        "aws:FederatedProvider": provider.arn,
    }
    for name in OPTIONAL_CLAIMS:
        value = token.claims.get(name)
        texts = value if isinstance(value, list) else [value]
        if value is not None and all(isinstance(text, str) for text in texts):
            context[f"{prefix}:{name}"] = value
    return context
