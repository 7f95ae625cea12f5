"""Web identity tokens: read strictly, their signature verified, their claims checked.

The strict reading comes first, since JOSE libraries accept what two readers may understand in two
ways: duplicate members, odd base64url, several keys. Source: RFC 7515, RFC 7519, RFC 8725; STS API,
`WebIdentityToken`: RS256/384/512 or ES256/384/512, timestamps integer or long.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.handshake.jwks import VerificationKey

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
MAX_TOKEN_CHARACTERS = 20_000
MAX_SUBJECT_CHARACTERS = 255  # of `SubjectFromWebIdentityToken` in STS's answer
# Our reading: no more than clocks that are kept in step need.
CLOCK_SKEW_SECONDS = 60
# Our reading: AWS was seen to refuse a token of 441,398 s by its age alone, none younger.
MAX_AGE_SECONDS = 432_000

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HEADER_MEMBERS = {"alg", "kid", "typ"}
_NOT_A_JWT = (
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
)
NO_VERIFICATION_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)


@dataclass(frozen=True)
class WebIdentityToken:
    """A token that reads well; nothing in it is verified yet."""

    text: str
    algorithm: str
    key_id: str
    claims: dict[str, Any]

    @property
    def issuer(self) -> str:
        """Who says to have issued it."""
        return str(self.claims["iss"])

    @property
    def subject(self) -> str:
        """Whom it speaks for."""
        return str(self.claims["sub"])

    @property
    def namespace(self) -> str:
        """The Kubernetes namespace that it says to be of; empty for a token that says nothing."""
        private = self.claims.get("kubernetes.io")
        return str(private.get("namespace", "")) if isinstance(private, dict) else ""

    @property
    def times(self) -> dict[str, int]:
        """From when to when it says to be in force."""
        return {name: self.claims[name] for name in ("exp", "nbf", "iat") if name in self.claims}

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whom it is meant for, as the token lists them."""
        listed = self.claims["aud"]
        return (listed,) if isinstance(listed, str) else tuple(listed)


def read(text: str) -> WebIdentityToken:
    """The token's parts. Raises AwsError (InvalidIdentityToken) with the reason as explanation."""
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise not_a_jwt(f"it is longer than {MAX_TOKEN_CHARACTERS} characters")
    if not _COMPACT.fullmatch(text):
        raise not_a_jwt("it is not three base64url parts with dots between them")
    header_part, claims_part, signature_part = text.split(".")
    _decode(signature_part)
    header, claims = _members(header_part), _members(claims_part)
    _check_header(header)
    _check_claims(claims)
    return WebIdentityToken(text, header["alg"], header["kid"], claims)


def verify_signature(token: WebIdentityToken, key: VerificationKey) -> None:
    """Return when the key made the signature. Raises AwsError (InvalidIdentityToken)."""
    if key.algorithm and key.algorithm != token.algorithm:
        raise bad_signature(f"key {token.key_id} is for {key.algorithm}, not {token.algorithm}")
    try:
        jws.deserialize_compact(token.text, key.key, algorithms=[token.algorithm])
    except (JoseError, ValueError, TypeError) as error:
        raise bad_signature(f"the signature does not fit: {error}") from error


def check_times(claims: dict[str, Any], now: float) -> None:
    """Return while the token is in force. Raises AwsError (ExpiredTokenException, …)."""
    moment = int(now)
    if moment >= claims["exp"]:
        text = (
            f"Token expired: current date/time {moment} must be before the expiration date/time "
            f"{claims['exp']}"
        )
        raise AwsError("ExpiredTokenException", 400, text, explanation="`exp` has passed")
    if moment - claims["iat"] > MAX_AGE_SECONDS:
        text = f"Token too old: {moment - claims['iat']}"
        raise AwsError("ExpiredTokenException", 400, text, explanation="`iat` is long past")
    for name in ("nbf", "iat"):
        if claims.get(name, 0) > moment + CLOCK_SKEW_SECONDS:
            text = (
                f"Token is not yet valid: current date/time {moment} must not be before "
                f"{claims[name]}"
            )
            explanation = f"`{name}` lies in the future"
            raise AwsError("InvalidIdentityToken", 400, text, explanation=explanation)


def not_a_jwt(explanation: str) -> AwsError:
    """The refusal of a token that cannot be read."""
    return AwsError("InvalidIdentityToken", 400, _NOT_A_JWT, explanation=explanation)


def bad_signature(explanation: str) -> AwsError:
    """The refusal of a token that no key of its issuer is known to have signed."""
    return AwsError("InvalidIdentityToken", 400, NO_VERIFICATION_KEY, explanation=explanation)


def _members(part: str) -> dict[str, Any]:
    """A part's JSON object, each member once, every number one that JSON knows."""
    try:
        members = json.loads(
            _decode(part).decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise not_a_jwt(f"a part is not one JSON object: {error}") from error
    if not isinstance(members, dict):
        raise not_a_jwt("a part is not a JSON object")
    return members


def _decode(part: str) -> bytes:
    """base64url without padding, in the one canonical spelling."""
    try:
        content = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise not_a_jwt("a part is not base64url") from error
    if urlsafe_b64encode(content).rstrip(b"=").decode() != part:
        raise not_a_jwt("a part is base64url in a second spelling")
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(n for n in names if names.count(n) > 1)!r} occurs twice")
    return members


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _check_header(header: dict[str, Any]) -> None:
    """Nothing but `alg`, `kid` and `typ`: keys named by the token itself are never looked at."""
    if header.get("alg") not in ALGORITHMS:
        raise not_a_jwt(f"`alg` is {header.get('alg')!r}; STS takes {', '.join(ALGORITHMS)}")
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        raise bad_signature("the token names no key (`kid`)")
    if str(header.get("typ", "JWT")).upper() not in ("JWT", "AT+JWT"):
        raise not_a_jwt(f"`typ` is {header['typ']!r}")
    if unknown := sorted(set(header) - _HEADER_MEMBERS):
        raise not_a_jwt(f"the header has {', '.join(unknown)}, which STS does not take")


def _check_claims(claims: dict[str, Any]) -> None:
    for name in ("iss", "sub"):
        if not isinstance(_required(claims, name), str) or not claims[name]:
            raise not_a_jwt(f"`{name}` is not text")
    if len(claims["sub"]) > MAX_SUBJECT_CHARACTERS:
        raise not_a_jwt(f"`sub` is longer than {MAX_SUBJECT_CHARACTERS} characters")
    _check_audience(_required(claims, "aud"))
    if not isinstance(claims.get("azp", ""), str):
        raise not_a_jwt("`azp` is not text")
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name, 0) if name == "nbf" else _required(claims, name)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
            raise not_a_jwt(f"`{name}` is not an integer")


def _check_audience(audience: Any) -> None:
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or not listed:
        raise not_a_jwt("`aud` is neither text nor a list of texts")
    if not all(isinstance(it, str) and it for it in listed):
        raise not_a_jwt("`aud` holds something else than text")


def _required(claims: dict[str, Any], name: str) -> Any:
    if claims.get(name) is None:
        text = f"Missing a required claim: {name}"
        raise AwsError("InvalidIdentityToken", 400, text, explanation=f"the token has no `{name}`")
    return claims[name]
