"""A projected token's header and claims, and what each means. Pure functions.

Reading a token is not checking it: anyone can write these claims. Only the signature, checked
against the issuer's public key, makes them true; STS does that.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from irsa_helpers.errors import IrsaLabError

MEANINGS = {
    "alg": "how it is signed; EKS signs with RS256, a private key that never leaves the cluster",
    "kid": "which of the issuer's public keys checks the signature",
    "iss": "who made the token: the cluster's issuer; IAM looks for a provider of this URL",
    "sub": "whom the token is about; the trust policy compares it",
    "aud": "for whom the token was made; the provider and the trust policy compare it",
    "exp": "not valid after",
    "nbf": "not valid before",
    "iat": "made at",
    "jti": "the token's own number",
    "kubernetes.io": "the namespace, ServiceAccount, Pod and node that it was made for",
}

# What the provider and the trust policy are compared with, and what ends the token.
COMPARED = ("iss", "sub", "aud", "exp")

_OBJECTS = {
    "kubernetes.io.pod": "the Pod's name and uid",
    "kubernetes.io.node": "the node's name and uid",
    "kubernetes.io.serviceaccount": "the ServiceAccount's name and uid",
}


@dataclass(frozen=True)
class Token:
    """A JSON Web Token's header and claims; without the signature nobody can use it."""

    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def expires_at(self) -> datetime:
        """The `exp` claim as a time."""
        return datetime.fromtimestamp(self.claims["exp"], UTC)


@dataclass(frozen=True)
class ClaimRow:
    """One line of an explained token."""

    claim: str
    value: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.claim:<30}{self.value}\n{'':<30}{self.meaning}"


def decode_unverified(token: str) -> Token:
    """The header and claims of a token, its signature unchecked.

    Raises IrsaLabError where the text is no JSON Web Token.
    """
    if not isinstance(token, str):
        raise IrsaLabError(
            f"a token is text, and this is {type(token).__name__}: {token!r:.40}",
            next_step="read one: read_token(world, pod_name), or request_token(world, account)",
        )
    try:
        header, claims, _signature = token.strip().split(".")
        return Token(_read_part(header), _read_part(claims))
    except ValueError as error:
        raise IrsaLabError(
            "this is not a JSON Web Token: three parts of base64url, with dots between them",
            next_step="pass the text of the token, not the path of its file",
        ) from error


def _read_part(part: str) -> dict[str, Any]:
    """JSON written in base64url, whose padding a token leaves out."""
    members: Any = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(members, dict):
        raise ValueError("not a JSON object")
    return members


def explain_token(token: Token | str, *, now: datetime | None = None) -> list[ClaimRow]:
    """Each member of the header and each claim, with its meaning.

    With `now` (aware) the meaning of a time also says how far away it is.
    """
    read = decode_unverified(token) if isinstance(token, str) else token
    members = [*read.header.items(), *_flat(read.claims)]
    return [_row(claim, value, now) for claim, value in members]


def _flat(claims: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The claims, with the members of `kubernetes.io` as `kubernetes.io.namespace` and so on."""
    for claim, value in claims.items():
        if claim == "kubernetes.io" and isinstance(value, dict):
            yield from ((f"{claim}.{member}", inner) for member, inner in value.items())
        else:
            yield claim, value


def _row(claim: str, value: Any, now: datetime | None) -> ClaimRow:
    meaning = MEANINGS.get(claim) or _kubernetes_meaning(claim)
    if claim in {"exp", "nbf", "iat"} and isinstance(value, int):
        moment = datetime.fromtimestamp(value, UTC)
        distance = f"; {_distance((moment - now).total_seconds())}" if now else ""
        return ClaimRow(claim, f"{value} ({moment:%Y-%m-%d %H:%M:%S} UTC)", meaning + distance)
    if isinstance(value, dict):
        value = " ".join(str(member) for member in value.values())
    text = value if isinstance(value, str) else json.dumps(value)
    return ClaimRow(claim, text, meaning)


def _kubernetes_meaning(claim: str) -> str:
    if claim == "kubernetes.io.warnafter":
        return "the API server warns of older tokens; AWS does not look at it"
    if claim.startswith("kubernetes.io."):
        return f"{_OBJECTS.get(claim, 'noted by Kubernetes')}; a trust policy cannot ask for it"
    return "not a claim that IRSA uses"


def _distance(seconds: float) -> str:
    """`in 23 h 59 min` or `5 min ago`."""
    minutes = round(abs(seconds) / 60)
    parts = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"in {parts}" if seconds >= 0 else f"{parts} ago"


def ordered(rows: Iterable[ClaimRow]) -> list[ClaimRow]:
    """The rows, what AWS compares first."""
    places = {claim: place for place, claim in enumerate(COMPARED)}
    return sorted(rows, key=lambda row: places.get(row.claim, len(places)))


def token_facts(token: Token, *, good: bool | None, said: str) -> dict[str, Any]:
    """What a view of a token shows. The caller has checked the signature: `good` (None: nobody
    has) and `said`, how one knows.

    Keys: `header` and `claims` (lists of `claim`, `value`, `meaning`, `compared`), `signature`
    (`good`, `said`), `life` (`begins` and `ends`, seconds since the epoch, None where the token
    does not say), `namespace` (empty where it names none).
    """
    inner = token.claims.get("kubernetes.io")
    return {
        "header": [_shown(row) for row in explain_token(Token(token.header, {}))],
        "claims": [_shown(row) for row in ordered(explain_token(Token({}, token.claims)))],
        "signature": {"good": good, "said": said},
        "life": {"begins": _seconds(token, "nbf", "iat"), "ends": _seconds(token, "exp")},
        "namespace": str(inner.get("namespace", "")) if isinstance(inner, dict) else "",
    }


def _shown(row: ClaimRow) -> dict[str, Any]:
    return vars(row) | {"compared": row.claim in COMPARED}


def _seconds(token: Token, *names: str) -> int | None:
    """The first of these claims that is a time."""
    times = (token.claims.get(name) for name in names)
    return next((time for time in times if isinstance(time, int)), None)
